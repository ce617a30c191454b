import { expect, it } from 'vitest';
import type { FreedomRequest, RemoteEngine, RowFreedom } from '../../../../wasm/client/types';
import { effective, first, given, lengths, ofNumbers, variation, withRow, type Figure } from './model';
import json from './recording.json';

const recorded = json as unknown as { figure: Figure; layer: number; head: number; position: number };

it('replaces one row of one head and closes what it does not cover', () => {
  const pattern = { shape: [1, 2, 2, 2], data: Float32Array.from([1, 0, 0.5, 0.5, 1, 0, 0.25, 0.75]) };
  expect(Array.from(withRow(pattern, 1, 1, [0.9, 0.1]).data)).toEqual(Array.from(Float32Array.from([1, 0, 0.5, 0.5, 1, 0, 0.9, 0.1])));
  expect(Array.from(withRow(pattern, 0, 1, [1]).data).slice(0, 4)).toEqual([1, 0, 1, 0]);
  expect(pattern.data[2]).toBe(0.5);
});

it('gives the core the weights and the values of the keys a place sees', () => {
  const pattern = { shape: [1, 2, 2, 2], data: Float32Array.from([1, 0, 0.5, 0.5, 1, 0, 0.25, 0.75]) };
  const value = { shape: [1, 2, 2, 1], data: Float32Array.from([1, 2, 3, 4]) }; // [B, T, H, d]
  const g = given(pattern, value, 1, 1);
  expect(Array.from(g.numbers)).toEqual([0.25, 0.75, 2, 4]);
  expect(Array.from(given(pattern, value, 0, 0).numbers)).toEqual([1, 1]);
});

it('measures rows', () => {
  expect(variation([0.5, 0.5, 0], [0, 0.5, 0.5])).toBe(0.5);
  expect(effective([0.25, 0.25, 0.25, 0.25])).toBeCloseTo(4);
  expect(effective([1, 0])).toBe(1);
  expect(first(['a', 'b'], [0.2, 0.8])).toEqual({ key: 'b', weight: 0.8 });
  expect(lengths(16, 48)).toEqual([8, 17, 18, 22, 28, 36, 44, 48]);
  expect(lengths(16, 17)).toEqual([8, 17]);
});

it('asks for drawn numbers at every length of the curve, and never shows a bound below what was found', async () => {
  const asked: number[] = [];
  const engine = { rowFreedom: async (q: Extract<FreedomRequest, { keys: number }>): Promise<RowFreedom> => {
    asked.push(q.keys);
    const row = new Float32Array(q.keys).fill(1 / q.keys);
    return { rank: 2, distance: 0.5, bound: 0.4, gap: 0, alpha: row, farthest: row, low: row, high: row };
  } } as unknown as RemoteEngine;
  const f = await ofNumbers(engine, { kind: 'drawn', keys: 30, width: 16, spread: 1, seed: 1 });
  expect(asked).toEqual([30, ...lengths(16, 30)]);
  expect([f.bound, f.curve[0]]).toEqual([0.5, [8, 0.5, 0.5]]);
});

it('was recorded: another row, the same output', () => {
  const f = recorded.figure;
  const sum = (x: number[]): number => x.reduce((a, b) => a + b, 0);
  expect(sum(f.farthest)).toBeCloseTo(1, 2);
  expect(variation(f.alpha, f.farthest)).toBeCloseTo(f.distance, 2);
  expect(f.gap).toBeLessThan(1e-9);
  expect(f.swap!.farthest).toBeLessThan(1e-4);
  expect(f.keys).toHaveLength(recorded.position + 1);
  f.alpha.forEach((a, j) => { expect(a).toBeGreaterThanOrEqual(f.low[j]! - 1e-4); expect(a).toBeLessThanOrEqual(f.high[j]! + 1e-4); });
});
