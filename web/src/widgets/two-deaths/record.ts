// Makes the recording of «Две смерти» and the chapter's counts:  npx node src/widgets/two-deaths/record.ts   (in web/)
import { writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { ask, count, NORMS, type Figure, type Recorded } from './model.ts';

const engine = await openEngine();
const remote = engine as unknown as RemoteEngine;
const { commit } = engine.info();
const short = (xs: number[], digits: number): number[] => xs.map((x) => Number(x.toFixed(digits)));
const figures: Figure[] = [];
for (const norm of NORMS)
  for (const seed of [1, 2, 3, 4, 5]) {
    const f = await ask(remote, { norm, seed });
    console.log(norm, seed, count(f));
    figures.push({ ...f, cosine: short(f.cosine, 5), entropy: short(f.entropy, 5), residual: short(f.residual, 1) });
  }
await writeFile(new URL('../../../../chapters/10-collapse/data/deaths.json', import.meta.url), `${JSON.stringify({ experiment: 'deaths', commit, figures })}\n`);
const recording: Recorded = { commit, figures: figures.filter((f) => f.seed === 1).map((f) => ({ ...f, cosine: short(f.cosine, 3), entropy: short(f.entropy, 3) })) };
await writeFile(new URL('./recording.json', import.meta.url), `${JSON.stringify(recording)}\n`);
