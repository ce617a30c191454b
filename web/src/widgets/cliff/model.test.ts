import { describe, expect, it } from 'vitest';
import { antiderivative, curve, timeTo, timing } from './model';

/** Plain gradient descent on the same loss: an independent answer. */
function descend(k: number, epsilon: number, p: number, rate = 1e-3): number {
  let w = epsilon;
  let steps = 0;
  while (w ** k < p) {
    w += rate * (1 - w ** k) * w ** (k - 1);
    steps += 1;
  }
  return steps * rate;
}

describe('product of parts', () => {
  it.each([[1, 0.1], [2, 0.1], [2, 0.01], [3, 0.1], [3, 0.03], [4, 0.2]])('k = %d, ε = %d agrees with gradient descent', (k, epsilon) => {
    for (const p of [0.1, 0.5, 0.9]) {
      const t = descend(k, epsilon, p);
      expect(Math.abs(timeTo(k, epsilon, p) - t)).toBeLessThan(0.01 * t + 0.01);
    }
  });
  it('is the inverse of its own derivative', () => {
    for (const k of [1, 2, 3, 4]) for (const w of [0.05, 0.4, 0.9]) {
      const h = 1e-5 * w;
      const slope = (antiderivative(k, w + h) - antiderivative(k, w - h)) / (2 * h);
      expect(slope * w ** (k - 1) * (1 - w ** k)).toBeCloseTo(1, 5);
    }
  });
  it('rises in ln 9 for one and two parts, whatever ε', () => {
    for (const [k, e] of [[1, 0.01], [2, 0.1], [2, 0.001]] as const) expect(timing(k, e).rise).toBeCloseTo(Math.log(9), 9);
    expect(timing(3, 0.1).rise).toBeCloseTo(timing(3, 0.001).rise, 9);
  });
  it('waits ln(1/ε) for two parts and 1/ε for three', () => {
    expect(timing(2, 1e-4).plateau - timing(2, 1e-3).plateau).toBeCloseTo(Math.log(10), 3);
    expect(timing(3, 1e-3).plateau / timing(3, 1e-2).plateau).toBeCloseTo(10, 0);
  });
  it('draws an increasing curve from ε^k', () => {
    const { points } = curve(3, 0.05);
    expect(points[0]).toEqual([0, 0.05 ** 3]);
    for (let i = 1; i < points.length; i += 1) {
      expect(points[i]![0]).toBeGreaterThan(points[i - 1]![0]);
      expect(points[i]![1]).toBeGreaterThan(points[i - 1]![1]);
    }
  });
});
