import { expect, it } from 'vitest';
import type { AdaptOptions, RemoteEngine } from '../../../../wasm/client/types';
import { ask, expected, LAYERS, MATRICES, of, orthonormal, RANKS, type Recorded } from './model';
import json from './recording.json';

const recorded = json as unknown as Recorded;

it('asks for one matrix of one layer', async () => {
  let asked: AdaptOptions | undefined;
  const engine = { firstStep: async (_: number, r: AdaptOptions) => ((asked = r), { movedA: 0, movedB: 1, formula: 0, cosine: 0.2, stableRank: 2 }) } as unknown as RemoteEngine;
  const f = await ask(engine, 1, { matrix: 'o', layer: 1, rank: 8, seed: 4, dead: true });
  expect(asked).toMatchObject({ matrices: 'o', layers: [1], rank: 8, seed: 4, dead: true });
  expect(f).toMatchObject({ matrix: 'o', cosine: 0.2 });
});

it('the mean over five seeds is near the closed form at every rank', () => {
  for (const layer of LAYERS) for (const m of MATRICES) of(recorded, layer, m).forEach((xs, i) => {
    const mean = xs.reduce((a, b) => a + b, 0) / xs.length;
    expect(Math.abs(mean - expected(RANKS[i]!)), `${layer} ${m} ${RANKS[i]}`).toBeLessThan(0.05);
  });
  expect(expected(64)).toBeLessThan(orthonormal(64));
});
