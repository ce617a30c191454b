import { describe, expect, it } from 'vitest';
import { KEYS, LIMIT, naive, normals, stats } from './model';
import { recorded } from './recorded';

// 1 500 draws of an independent program (float32, its own generator): d, unscaled and scaled mean largest weight and entropy.
const OTHER = [[4, 0.419, 1.783, 0.237, 2.38], [16, 0.677, 0.919, 0.247, 2.357], [64, 0.839, 0.416, 0.249, 2.355], [256, 0.921, 0.197, 0.246, 2.356]] as const;

describe('the recorded table', () => {
  it.each(OTHER)('agrees with another program at d = %i', (d, plainTop, plain, scaledTop, scaled) => {
    const row = recorded.figure.table.find((r) => r.d === d)!;
    expect(Math.abs(row.plain.top - plainTop)).toBeLessThan(0.015);
    expect(Math.abs(row.plain.entropy - plain)).toBeLessThan(0.04);
    expect(Math.abs(row.scaled.top - scaledTop)).toBeLessThan(0.008);
    expect(Math.abs(row.scaled.entropy - scaled)).toBeLessThan(0.02);
  });
  it('weights of the example are the softmax of its scores', () => {
    const { scores, plain, scaled } = recorded.figure.example;
    for (const [weights, scale] of [[plain, 1], [scaled, 1 / Math.sqrt(recorded.figure.d)]] as const) {
      const e = scores.map((z) => Math.exp(z * scale));
      const sum = e.reduce((a, b) => a + b, 0);
      weights.forEach((w, i) => expect(Math.abs(w - e[i]! / sum)).toBeLessThan(1e-3));
    }
  });
});

it('stats of a uniform and of a one-hot row', () => {
  const uniform = new Array<number>(KEYS).fill(1 / KEYS);
  const hot = uniform.map((_, i) => (i === 3 ? 1 : 0));
  expect(stats(uniform)).toEqual({ top: 1 / KEYS, entropy: expect.closeTo(Math.log(KEYS), 10) as number });
  expect(stats([...uniform, ...hot])).toEqual({ top: (1 + 1 / KEYS) / 2, entropy: expect.closeTo(Math.log(KEYS) / 2, 10) as number });
});

it('the literal softmax breaks above the limit and not below', () => {
  expect(naive([LIMIT - 1, 0]).weights[0]).toBe(1);
  expect(naive([LIMIT + 1, 0]).weights[0]).toBeNaN();
  expect(LIMIT).toBeCloseTo(88.72, 2);
});

it('the draws are normal, and a seed repeats them', () => {
  const next = normals(7);
  const x = Array.from({ length: 20000 }, next);
  const mean = x.reduce((a, b) => a + b, 0) / x.length;
  expect(Math.abs(mean)).toBeLessThan(0.03);
  expect(Math.abs(x.reduce((a, b) => a + b * b, 0) / x.length - 1)).toBeLessThan(0.05);
  const again = normals(7);
  expect(Array.from({ length: 5 }, again)).toEqual(x.slice(0, 5));
});
