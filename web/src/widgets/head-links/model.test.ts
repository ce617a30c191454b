import { describe, expect, it } from 'vitest';
import type { Matrix } from '../specimen/specimen';
import { compositionScore, HEADS, randomScore, type Figure } from './model';
import json from './recording.json';

const matrix = (rows: number, cols: number, data: number[]): Matrix => ({ rows, cols, data: Float64Array.from(data) });
const unit = (i: number): Matrix => matrix(3, 1, [0, 1, 2].map((k) => (k === i ? 1 : 0)));
const row = (i: number): Matrix => matrix(1, 3, [0, 1, 2].map((k) => (k === i ? 1 : 0)));

describe('composition of rank-one heads', () => {
  // Writes coordinate 1; reads queries from 1 and keys from 2, values from 0.
  const writer = { q: unit(0), k: unit(0), v: unit(0), o: row(1) };
  const reader = { q: unit(1), k: unit(2), v: unit(0), o: row(2) };
  it('is 1 where what is written is what is read, 0 where it is not', () =>
    expect((['q', 'k', 'v'] as const).map((kind) => compositionScore(writer, reader, kind))).toEqual([1, 0, 0]));
  it('is not 0 for random heads: about 1/√D', () => {
    let s = 7;
    const uniform = (): number => { s = (Math.imul(s, 1664525) + 1013904223) >>> 0; return (s + 0.5) / 4294967296; };
    const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    const score = randomScore(32, 8, 30, normal);
    expect(score).toBeGreaterThan(0.8 / Math.sqrt(32));
    expect(score).toBeLessThan(1.2 / Math.sqrt(32));
  });
});

describe('the recording', () => {
  const r = json as unknown as { figure: Figure; baseline: number };
  it('has every pair', () => expect([r.figure.score.length, r.figure.cut.length, r.figure.together.length]).toEqual([HEADS ** 2, HEADS ** 2, HEADS]));
  it('subtracts the baseline it names', () => {
    expect(r.figure.baseline).toBe(r.baseline);
    expect(r.baseline).toBeGreaterThan(0.1);
    expect(r.baseline).toBeLessThan(0.15);
  });
});
