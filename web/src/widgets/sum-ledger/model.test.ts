import { describe, expect, it } from 'vitest';
import type { TensorData } from '../../../../wasm/client/types';
import { account, best, frozenScale, HEADS, WRITERS, type Figure, type Promises } from './model';
import json from './recording.json';

const recorded = json as unknown as { figure: Figure; promises: Promises };
const sum = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0);

describe('the account', () => {
  // Two coordinates, three letters, everything written by hand: the parts must give the advantage exactly.
  const D = 2;
  const tensor = (shape: number[], data: number[]): TensorData => ({ shape, data: Float32Array.from(data) });
  const heads = (at: number): number[] => Array.from({ length: HEADS }, (_, h) => [h === at ? 1 : 0, h]).flat();
  const parts = [[1, 0], [0, 2]];
  const stream = [1 + 1 + 1, 2 + 6 + 6];
  const scale = frozenScale(stream);
  const unembedding = { rows: D, cols: 3, data: Float64Array.from([1, -0.5, -0.5, 0, 1, -1]) };
  const logits = [0, 1, 2].map((v) => scale * (stream[0]! * unembedding.data[v]! + stream[1]! * unembedding.data[3 + v]!) + 7);
  const t = { embed: tensor([1, 1, D], parts[0]!), pos_embed: tensor([1, 1, D], parts[1]!), 'blocks.0.attn.result': tensor([1, 1, HEADS, D], heads(1)), 'blocks.1.attn.result': tensor([1, 1, HEADS, D], heads(3)), 'blocks.1.resid_post': tensor([1, 1, D], stream), logits: tensor([1, 1, 3], logits) };
  it('has one line for every writer and sums to the advantage; what all letters gain alike drops out', () => {
    const a = account(t, unembedding, 0, 0, 1);
    expect(a.parts).toHaveLength(WRITERS.length);
    expect(sum(a.parts)).toBeCloseTo(a.margin, 5);
    expect(a.sizes[0]).toBe(1);
  });
  it('divides by the root of the mean square', () => expect(frozenScale([3, 4], 0)).toBeCloseTo(1 / Math.sqrt(12.5), 12));
  it('finds the best letter', () => expect(best([1, 3, 2])).toBe(1));
});

describe('taking a writer away from the last sum', () => {
  it('costs what the formula of the chapter says: (m − p)/√(1 − 2α + β²)', () => {
    const [x, r, u] = [[2, 1, -1, 3], [1, 0.5, 0.25, 1], [0.3, -0.2, 0.5, 0.7]];
    const dot = (a: number[], b: number[]): number => sum(a.map((v, i) => v * b[i]!));
    const left = x.map((v, i) => v - r[i]!);
    const [m, p] = [frozenScale(x, 0) * dot(x, u), frozenScale(x, 0) * dot(r, u)];
    const [alpha, beta] = [dot(r, x) / dot(x, x), Math.sqrt(dot(r, r) / dot(x, x))];
    expect(frozenScale(left, 0) * dot(left, u)).toBeCloseTo((m - p) / Math.sqrt(1 - 2 * alpha + beta ** 2), 12);
  });
});

describe('the recording', () => {
  it('is closed to rounding', () => {
    expect(Math.abs(sum(recorded.figure.whole.parts) - recorded.figure.whole.margin)).toBeLessThan(0.01);
    expect(recorded.promises.gap).toBeLessThan(1e-4);
  });
  it('promises all of it in layer 1 and loses most in layer 0', () => {
    const { promised, fallen } = recorded.promises;
    expect(Math.max(...promised.slice(0, HEADS).map(Math.abs))).toBeLessThan(0.1);
    expect(Math.max(...fallen.slice(0, HEADS))).toBeGreaterThan(Math.max(...fallen.slice(HEADS)));
  });
});
