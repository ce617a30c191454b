// The recording of «Одна карта на всех»:  npx node src/widgets/one-map/record.ts   (in web/, after wasm/build.sh)
import { readFile, writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { pack } from '../specimen/packed.ts';
import { openSpecimen } from '../specimen/specimen.ts';
import { ask, type Recorded } from './model.ts';

const engine = await openEngine();
const remote = engine as unknown as RemoteEngine; // the same methods; `await` does not mind
const m = await openSpecimen(remote, new Uint8Array(await readFile(new URL('../../../../models/repeat-2l/model.safetensors', import.meta.url))));
const short = (x: number): number => Math.round(x * 1000) / 1000;

const figures = [];
for (const seed of [1, 2, 3, 4, 5]) figures.push(await ask(remote, m, { seed }));
const [first] = figures;
const recording: Recorded = {
  commit: engine.info().commit,
  figure: {
    seed: 1,
    verdicts: first!.verdicts.map((row) => row.map((v) => ({ loss: short(v.loss), accuracy: short(v.accuracy) }))),
    scores: first!.scores.map((row) => row.map((s) => ({ previous: short(s.previous), induction: short(s.induction) }))),
  },
  maps: first!.maps.map((row) => row.map((map) => pack(map))),
  accuracy: figures.map((f) => f.verdicts.map((row) => row.map((v) => short(v.accuracy)))),
};
const text = JSON.stringify(recording);
if (text.length > 20 * 1024) throw new Error('recording.json is over 20 KB');
await writeFile(new URL('./recording.json', import.meta.url), `${text}\n`);
console.log(recording.figure.scores, recording.accuracy);
