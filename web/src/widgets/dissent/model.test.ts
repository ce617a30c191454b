import { describe, expect, it } from 'vitest';
import type { Net } from '../ru-small/net.ts';
import { reader, symmetry, type Figure } from './model';
import json from './recording.json';

/** A net of one layer, two heads of width 2, stream 4, whose first head has M = W_Q W_Kᵀ as given by q and k. */
function net(q: number[], k: number[]): Net {
  const matrix = (own: number[]): Float32Array => Float32Array.from({ length: 16 }, (_, i) => (i % 4 < 2 ? own[Math.floor(i / 4) * 2 + (i % 4)]! : 0));
  return { width: 4, heads: 2, head: 2, vocab: 3, last: new Float32Array(4).fill(2), embed: Float32Array.from([1, 0, 0, 0, 0, 1, 0, 0, 2, 2, 0, 0]), blocks: [{ q: matrix(q), k: matrix(k), ln1: new Float32Array(4).fill(1) }] } as unknown as Net;
}

describe('symmetry', () => {
  const e = [1, 0, 0, 1, 0, 0, 0, 0]; // rows of a [4, 2] matrix: x₀ → (1, 0), x₁ → (0, 1)
  it('is 1 for one matrix in two roles', () => expect(symmetry(net(e, e), 0, 0)).toBeCloseTo(1));
  it('is 0 for a rotation by a quarter, which changes its sign when turned about', () => expect(symmetry(net(e, [0, 1, -1, 0, 0, 0, 0, 0]), 0, 0)).toBeCloseTo(0));
  it('is one half where the asked never ask', () => expect(symmetry(net(e, [0, 0, 0, 0, 1, 0, 0, 1]), 0, 0)).toBeCloseTo(0.5));
});
it('reads a logit less the mean of all', () => {
  const r = reader(net([], []), 2);
  expect([...r]).toEqual([2 * (2 - 1), 2 * (2 - 1), 0, 0]);
});
it('the recording holds a head for every cell and a place for every word', () => {
  const f = json.figure as unknown as Figure;
  expect([f.heads.length, f.byPlace.length, json.symmetry.length]).toEqual([40, 40, 40]);
  for (const row of f.byPlace) expect(row).toHaveLength(f.tokens.length - 1);
  f.byPlace.forEach((row, i) => expect(row.reduce((a, b) => a + b, 0) / row.length).toBeCloseTo(f.heads[i]!.direct, 2));
});
