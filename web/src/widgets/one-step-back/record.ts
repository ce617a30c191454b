// Makes the recording of «Один шаг назад» with the core the page runs:  npx node src/widgets/one-step-back/record.ts   (in web/)
import { writeFile } from 'node:fs/promises';
import { openEngine, type TrainPoint } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { mulberry } from '../../lib/random.ts';
import { bagBound, config, EVERY, lookingBack, probe, SCHEMES, STEPS, type Recorded, type Row } from './model.ts';

const engine = await openEngine();
const remote = engine as unknown as RemoteEngine;
const seeds = [1, 2, 3, 4, 5];
const short = (x: number): number => Math.round(x * 1000) / 1000;
const steps = Array.from({ length: STEPS / EVERY + 1 }, (_, i) => i * EVERY);
const bound = bagBound(mulberry(1), 20_000);
const recording: Recorded = { commit: engine.info().commit, seeds, steps, bound: { past: short(bound.past), text: short(bound.text) }, rows: [], text: [] };

async function train(scheme: Row['scheme'], layers: number, seed: number): Promise<TrainPoint[]> {
  const { id } = engine.createTrainer(config(scheme, layers, seed));
  const points: TrainPoint[] = [];
  await engine.train(id, { until: STEPS, every: EVERY, keepWeights: true }, (p) => void points.push(p));
  engine.disposeTrainer(id);
  return points;
}
const largest = (p: TrainPoint, layer: number): number => short(Math.max(...p.heads.filter((h) => h.layer === layer).map((h) => h.previous)));

for (const layers of [1, 2]) for (const scheme of SCHEMES) {
  const row: Row = { scheme, layers, accuracy: [], previous: [], curve: [], best: { layer: 0, head: 0 }, map: [] };
  for (const seed of seeds) {
    const points = await train(scheme, layers, seed);
    const last = points.at(-1)!;
    row.accuracy.push(short(last.evalAccuracy));
    row.previous.push(Array.from({ length: layers }, (_, l) => largest(last, l)));
    if (seed !== 1) continue;
    row.curve = points.map((p) => short(p.evalAccuracy));
    const { layer, head } = lookingBack(last.heads);
    const seen = await probe(remote, config(scheme, layers, 1), last.weights!, { layer, head });
    recording.text = seen.text;
    [row.best, row.map] = [{ layer, head }, Array.from(seen.map, (x) => Math.round(100 * x))];
  }
  recording.rows.push(row);
  console.log(layers, scheme, row.accuracy.join(' '), '| previous', row.previous.map((p) => p.join('/')).join(' '));
}
const text = JSON.stringify(recording);
console.log(`${(text.length / 1024).toFixed(1)} KB`);
await writeFile(new URL('./recording.json', import.meta.url), `${text}\n`);
