// Makes the recording of «Случайные признаки»:  npx node src/widgets/feature-noise/record.ts   (in web/)
import { writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { ask, type Figure, type Recorded } from './model.ts';

const engine = await openEngine();
const remote = engine as unknown as RemoteEngine;
const { commit } = engine.info();
const figures: Figure[] = [];
for (const orthogonal of [false, true])
  for (const seed of [1, 2, 3, 4, 5]) {
    const f = await ask(remote, { radius: 1.5, features: 64, orthogonal, seed });
    for (const row of f.cells) for (const c of row) for (const k of ['truth', 'theory', 'measured', 'negative'] as const) c[k] = Number(c[k].toPrecision(3));
    console.log(orthogonal, seed, f.cells.map((row) => row.map((c) => `${c.measured}/${c.theory}`).join(' ')).join(' | '));
    figures.push(f);
  }
await writeFile(new URL('./recording.json', import.meta.url), `${JSON.stringify({ commit, figures } satisfies Recorded)}\n`);
