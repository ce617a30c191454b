// Makes the recording of «Урок на ходу»:  npx node src/widgets/reading-lesson/record.ts   (in web/)
import { writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { ask, KINDS, mean, recovery, type Recorded } from './model.ts';

const engine = await openEngine();
const remote = engine as unknown as RemoteEngine;
const { commit } = engine.info();
const figures: Recorded['figures'] = [];
for (const seed of [1, 2, 3, 4, 5]) {
  const f = await ask(remote, { width: 16, beta: 0.5, noise: 0.1, seed });
  console.log(seed, KINDS.map((k) => `${k} ${mean(f, k, 96, 128).toFixed(2)} ${mean(f, k, 224, 256).toFixed(2)} ${recovery(f, k)}`).join('; '));
  figures.push({ ...f, errors: f.errors.map((row) => row.map((x) => Number(x.toFixed(3)))) });
}
await writeFile(new URL('./recording.json', import.meta.url), `${JSON.stringify({ commit, figures } satisfies Recorded)}\n`);
