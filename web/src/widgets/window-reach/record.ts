// Makes the recording of «Докуда достаёт цепочка» with the core the page runs:  npx node src/widgets/window-reach/record.ts   (in web/)
// Rows that the recording has already are kept: a stopped run goes on.
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import { config, EVERY, LAYERS, RECORDED, row, STEPS, type Recorded } from './model.ts';

const engine = await openEngine();
const seeds = [1, 2, 3, 4, 5];
const file = new URL('./recording.json', import.meta.url);
const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Recorded) : null;
const { commit } = engine.info();
const recording: Recorded = before?.commit === commit ? before : { commit, seeds, rows: [] };
for (const layers of [...LAYERS].reverse()) for (const distance of RECORDED[layers]) {
  if (row(recording, layers, distance)) continue;
  const accuracy: number[] = [];
  for (const seed of seeds) {
    const { id } = engine.createTrainer(config(layers, distance, seed));
    let end = 0;
    await engine.train(id, { until: STEPS, every: EVERY }, (p) => (end = p.evalAccuracy));
    engine.disposeTrainer(id);
    accuracy.push(Math.round(1000 * end) / 1000);
  }
  recording.rows.push({ layers, distance, accuracy });
  console.log(layers, distance, accuracy.join(' '));
  await writeFile(file, `${JSON.stringify(recording)}\n`);
}
