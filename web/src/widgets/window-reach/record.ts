// Makes the recording of «Докуда достаёт цепочка» with the core the page runs:  npx node src/widgets/window-reach/record.ts   (in web/)
import { writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import { config, DISTANCES, EVERY, LAYERS, STEPS, type Recorded } from './model.ts';

const engine = await openEngine();
const seeds = [1, 2, 3, 4, 5];
const recording: Recorded = { commit: engine.info().commit, seeds, rows: [] };
for (const layers of LAYERS) for (const distance of DISTANCES) {
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
}
await writeFile(new URL('./recording.json', import.meta.url), `${JSON.stringify(recording)}\n`);
