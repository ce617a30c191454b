// Makes the recording of «Ручка ранга» with the core the page runs:  npx node src/widgets/rank-dial/record.ts   (in web/)
import { writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { fit, KINDS, WIDTHS, type Recorded } from './model.ts';

const engine = await openEngine();
const remote = engine as unknown as RemoteEngine;
const short = (x: number, digits = 4): number => Number(x.toPrecision(digits));
const seeds = [1, 2, 3, 4, 5];
const recording: Recorded = { commit: engine.info().commit, seeds, curves: [], pattern: [] };
for (const kind of KINDS) {
  const [divergence, scale]: [number[][], number[][]] = [[], []];
  for (const width of WIDTHS) {
    const fits = [];
    for (const seed of seeds) fits.push(await fit(remote, kind, seed, width));
    divergence.push(fits.map((f) => (f.divergence < 1e-7 ? 0 : short(f.divergence))));
    scale.push(fits.map((f) => short(f.scale, 3)));
    console.log(kind, width, divergence.at(-1), scale.at(-1));
    if (kind === 'soft' && width === 4) recording.pattern = Array.from(fits[0]!.pattern, (x) => Number(x.toFixed(4)));
  }
  recording.curves.push({ kind, divergence, scale });
}
await writeFile(new URL('./recording.json', import.meta.url), `${JSON.stringify(recording)}\n`);
