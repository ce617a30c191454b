// Makes the recording of «Первый шаг»:  npx node src/widgets/first-step/record.ts   (in web/; a minute)
import { readFile, writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { ask, expected, LAYERS, MATRICES, RANKS, SEEDS, type Recorded } from './model.ts';

const engine = (await openEngine()) as unknown as RemoteEngine;
const { commit } = await engine.info();
const { id } = await engine.loadModel(new Uint8Array(await readFile(new URL('../../../../models/repeat-2l/model.safetensors', import.meta.url))));
const out: Recorded = { commit, cosines: [], stableRanks: [], movedA: 0, formula: 0, first: await ask(engine, id, { matrix: 'q', layer: 0, rank: 4, seed: 1, dead: false }) };
for (const layer of LAYERS) {
  out.cosines.push([]);
  out.stableRanks.push([]);
  for (const matrix of MATRICES) {
    const rows: number[][] = [];
    let stable = 0;
    for (const rank of RANKS) {
      const row: number[] = [];
      for (const seed of SEEDS) {
        const f = await ask(engine, id, { matrix, layer, rank, seed, dead: false });
        row.push(Number(f.cosine.toFixed(3)));
        stable = f.stableRank;
        out.movedA = Math.max(out.movedA, f.movedA);
        out.formula = Math.max(out.formula, f.formula);
      }
      rows.push(row);
    }
    out.cosines[layer]!.push(rows);
    out.stableRanks[layer]!.push(Number(stable.toFixed(2)));
    console.log(layer, matrix, stable.toFixed(2), rows.map((r, i) => `${RANKS[i]}: ${Math.min(...r)}–${Math.max(...r)} (${expected(RANKS[i]!).toFixed(3)})`).join('  '));
  }
}
await writeFile(new URL('./recording.json', import.meta.url), `${JSON.stringify(out)}\n`);
console.log(out.movedA, out.formula, JSON.stringify(out.first), await ask(engine, id, { matrix: 'q', layer: 0, rank: 4, seed: 1, dead: true }));
