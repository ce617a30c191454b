// Makes the recording of «Один знак»:  npx node src/widgets/one-sign/record.ts   (in web/)
import { writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { flip, kept, MIXERS, options, pointOf, SEEDS, train, type Recorded } from './model.ts';

const engine = await openEngine();
const remote = engine as unknown as RemoteEngine;
const { commit } = engine.info();
const runs: Recorded['runs'] = [];
for (const mixer of MIXERS)
  for (const seed of SEEDS) {
    const last = pointOf(await train(remote, options(mixer, seed), () => undefined));
    const known = (x: number): number | null => (Number.isNaN(x) ? null : Number(x.toFixed(4)));
    runs.push({ mixer, seed, accuracy: last.accuracy.map((x) => Number(x.toFixed(3))), flip: known(flip(last.gates)), kept: known(kept(last.gates)) });
    console.log(mixer, seed, runs.at(-1));
  }
await writeFile(new URL('./recording.json', import.meta.url), `${JSON.stringify({ commit, runs } satisfies Recorded)}\n`);
