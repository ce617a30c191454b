// Makes the recording of «Растянуть RoPE» from the weights that length-race/record.ts kept:
//   npx node src/widgets/rope-dial/record.ts FOLDER   (in web/)
import { readFile, writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { accuracy, segment, SEGMENTS } from '../length-race/model.ts';
import { withWeights } from '../training/from-weights.ts';
import { EXTENSIONS, ladder, nameOf, PAIRS, read, SETTINGS, TUNE_EVERY, TUNE_STEPS, TUNED, tuning, type Recorded, type Tuned } from './model.ts';

const engine = await openEngine();
const seeds = [1, 2, 3, 4, 5];
const short = (x: number): number => Math.round(x * 1000) / 1000;
const weights = await Promise.all(seeds.map(async (seed) => {
  const bytes = await readFile(`${process.argv[2]}/rope-${seed}.f32`);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}));
const recording: Recorded = { commit: engine.info().commit, seeds, rows: [], tuned: [] };
for (const setting of SETTINGS) {
  const readings = [];
  for (const w of weights) {
    const r = await read(engine as unknown as RemoteEngine, w, setting);
    readings.push({ accuracy: r.accuracy.map(short), previous: short(r.previous) });
  }
  recording.rows.push({ ...setting, readings });
  console.log(nameOf(setting).padEnd(18), readings.map((r) => `${r.accuracy.join(' ')} (${r.previous})`).join(' | '));
}
const remote = engine as unknown as RemoteEngine;
for (const extension of EXTENSIONS) {
  const tuned: Tuned = { extension, curve: [], end: [] };
  for (const [i, w] of weights.entries()) {
    const model = await ladder(remote, { extension, factor: 2, kept: PAIRS });
    const fresh = engine.createTrainer(tuning(model, seeds[i]!));
    const { id } = engine.resumeTrainer(withWeights(engine.snapshot(fresh.id), fresh.model.parameters, w));
    engine.disposeTrainer(fresh.id);
    const curve: number[] = [];
    let last: Float32Array = w;
    const points: Float32Array[] = [];
    await engine.train(id, { until: TUNE_STEPS, every: TUNE_EVERY, keepWeights: true }, (p) => void points.push(p.weights!));
    engine.disposeTrainer(id);
    for (const at of points) {
      const m = engine.createModel(model, at).id;
      curve.push(short(await accuracy(remote, m, segment(TUNED))));
      engine.disposeModel(m);
      last = at;
    }
    const m = engine.createModel(model, last).id;
    const end = [];
    for (const n of SEGMENTS) end.push(short(await accuracy(remote, m, segment(n))));
    engine.disposeModel(m);
    tuned.curve.push(curve);
    tuned.end.push(end);
  }
  recording.tuned.push(tuned);
  console.log('tuned', extension, tuned.curve.map((c) => c.join(' ')).join(' | '), '=>', tuned.end.map((c) => c.join(' ')).join(' | '));
}
await writeFile(new URL('./recording.json', import.meta.url), `${JSON.stringify(recording)}\n`);
