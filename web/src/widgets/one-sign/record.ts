// Makes the recording of «Один знак»:  npx node src/widgets/one-sign/record.ts   (in web/)
import { writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { flip, MIXERS, options, pointOf, SEEDS, train, type Recorded } from './model.ts';

const engine = await openEngine();
const remote = engine as unknown as RemoteEngine;
const { commit } = engine.info();
const runs: Recorded['runs'] = [];
for (const mixer of MIXERS)
  for (const seed of SEEDS) {
    const last = pointOf(await train(remote, options(mixer, seed), () => undefined));
    const least = flip(last.gates);
    runs.push({ mixer, seed, accuracy: last.accuracy.map((x) => Number(x.toFixed(3))), flip: Number.isNaN(least) ? null : Number(least.toFixed(4)) });
    console.log(mixer, seed, runs.at(-1));
  }
await writeFile(new URL('./recording.json', import.meta.url), `${JSON.stringify({ commit, runs } satisfies Recorded)}\n`);
