// Makes the recordings of «Дальше обученной длины» and «Растянуть RoPE» with the core the page runs:
//   npx node src/widgets/length-race/record.ts [FOLDER]   (in web/); FOLDER keeps the weights of the RoPE models, for rope-dial/record.ts
import { writeFile } from 'node:fs/promises';
import { openEngine, type TrainPoint } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { accuracy, byPlace, config, EVERY, PLACES, SCHEMES, segment, SEGMENTS, STEPS, text, TEXTS, type Recorded, type Row } from './model.ts';

const engine = await openEngine();
const remote = engine as unknown as RemoteEngine;
const short = (x: number): number => Math.round(x * 1000) / 1000;
const seeds = [1, 2, 3, 4, 5];
const folder = process.argv[2];
const recording: Recorded = { commit: engine.info().commit, seeds, rows: [] };
for (const scheme of SCHEMES) {
  const row: Row = { scheme, segments: [], texts: [], places: new Array<number>(PLACES).fill(0) };
  for (const seed of seeds) {
    const { id } = engine.createTrainer(config(scheme, seed));
    let last: TrainPoint | undefined;
    await engine.train(id, { until: STEPS, every: EVERY, keepWeights: true }, (p) => { last = p; });
    engine.disposeTrainer(id);
    if (folder && scheme === 'rope') await writeFile(`${folder}/rope-${seed}.f32`, last!.weights!);
    const model = engine.createModel(config(scheme, seed).model, last!.weights!).id;
    const on = async (lengths: readonly number[], task: typeof segment): Promise<number[]> => {
      const out = [];
      for (const n of lengths) out.push(short(await accuracy(remote, model, task(n))));
      return out;
    };
    row.segments.push(await on(SEGMENTS, segment));
    row.texts.push(await on(TEXTS, text));
    (await byPlace(remote, model, PLACES)).forEach((x, i) => { row.places[i]! += x / seeds.length; });
    engine.disposeModel(model);
    console.log(scheme, seed, row.segments.at(-1)!.join(' '), '|', row.texts.at(-1)!.join(' '));
  }
  row.places = row.places.map(short);
  console.log(scheme, 'places', row.places.join(' '));
  recording.rows.push(row);
}
await writeFile(new URL('./recording.json', import.meta.url), `${JSON.stringify(recording)}\n`);
