import { describe, expect, it } from 'vitest';
import { jacobian, KEYS, peak, scoreGradient, shares, type Recorded } from './model';
import json from './recording.json';

const r = json as unknown as Recorded;
const softmax = (z: number[]): number[] => {
  const e = z.map(Math.exp);
  const sum = e.reduce((a, b) => a + b, 0);
  return e.map((x) => x / sum);
};

it('measures what a row lets back', () => {
  for (const n of [2, 16, 64]) expect(jacobian(new Array<number>(n).fill(1 / n))).toBeCloseTo(Math.sqrt((n - 1) / n ** 2), 12); // even: √(N − 1)/N
  expect(jacobian([0, 1, 0])).toBe(0);
  const p = softmax([0.3, -1, 2]);
  const full = p.flatMap((x, i) => p.map((y, j) => x * ((i === j ? 1 : 0) - y)));
  expect(jacobian(p)).toBeCloseTo(Math.hypot(...full), 12);
  expect(jacobian([9, ...p, 9], 1, 3)).toBeCloseTo(jacobian(p), 12);
});

it('differentiates by the scores as finite differences do', () => {
  const [z, gain] = [[0.3, -1, 2, 0.5], [1, -2, 0.5, 3]];
  const loss = (x: number[]): number => softmax(x).reduce((a, p, j) => a + p * gain[j]!, 0);
  const g = scoreGradient(softmax(z), 0, gain);
  const h = 1e-5;
  for (let j = 0; j < 4; j += 1) {
    const at = (e: number): number => loss(z.map((x, i) => (i === j ? x + e : x)));
    expect(g[j]).toBeCloseTo((at(h) - at(-h)) / (2 * h), 8);
  }
  expect(g.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 12);
  expect([...scoreGradient(softmax(z), 0, [1, 1, 1, 1])].every((x) => Math.abs(x) < 1e-15)).toBe(true); // no dissent, no gradient
});

it('splits the sum of squares', () => {
  const s = shares([10, ...new Array<number>(19).fill(1)], new Array<number>(20).fill(2), 0.5);
  expect([s.median, s.scoreMedian]).toEqual([1, 2]);
  expect(s.scoreRms).toBeCloseTo(2, 12);
  expect(s.tenth).toBeCloseTo(101 / 119, 12);
  expect(s.tenth + s.middle + s.half).toBeCloseTo(1, 12);
  expect([s.held.length, s.held[0], s.held[20]]).toEqual([21, 0, 1]);
});

describe('recording', () => {
  it('has every number of keys', () => expect(r.figures.map((f) => f.keys)).toEqual([...KEYS]));
  it('does not notice the width with the scale, and becomes a lottery without', () => {
    for (const f of r.figures) {
      const [first, last] = [f.widths[0]!, f.widths.at(-1)!];
      expect(Math.abs(last.scaled.rms / first.scaled.rms - 1)).toBeLessThan(0.15);
      expect(last.plain.rms).toBeGreaterThan(5 * first.plain.rms);
      expect(last.plain.tenth).toBeGreaterThan(2.5 * last.scaled.tenth);
    }
  });
  it('lets most back between even and one-hot, later for more keys', () => {
    expect(r.figures.map(peak)).toEqual([2, 4, 4]);
  });
});
