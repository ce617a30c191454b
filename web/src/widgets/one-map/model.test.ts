import { expect, it } from 'vitest';
import { CHOICES, mapOf, shared } from './model';
import { figure, recorded } from './recorded';

it('gives every head the same map and keeps rows that sum to 1', () => {
  const pattern = { shape: [1, 2, 2, 2], data: Float32Array.from([1, 0, 0.5, 0.5, 1, 0, 0.1, 0.9]) };
  const near = (xs: ArrayLike<number>, ys: number[]): void => ys.forEach((y, i) => expect(xs[i]).toBeCloseTo(y, 6));
  near(shared(pattern, 'mean').data, [1, 0, 0.3, 0.7, 1, 0, 0.3, 0.7]);
  near(shared(pattern, 1).data, [1, 0, 0.1, 0.9, 1, 0, 0.1, 0.9]);
  near(pattern.data, [1, 0, 0.5, 0.5, 1, 0, 0.1, 0.9]); // the recorded map is not touched
  near(mapOf([pattern.data.subarray(0, 4), pattern.data.subarray(4)], 'mean')!, [1, 0, 0.3, 0.7]);
  expect(mapOf([], 'own')).toBeNull();
});

it('records five seeds, and its figure is the first of them', () => {
  expect(recorded.accuracy.map((a) => a.map((row) => row.length))).toEqual(Array.from({ length: 5 }, () => [CHOICES.length, CHOICES.length]));
  expect(figure.verdicts.map((row) => row.map((v) => v.accuracy))).toEqual(recorded.accuracy[0]);
  expect(figure.maps[0]![0]!.length).toBe(18 * 18);
});

it('needs different maps in the lower layer and not in the upper', () => {
  for (const [lower, upper] of recorded.accuracy as [number[], number[]][]) {
    expect(lower[0]! - lower[1]!).toBeGreaterThan(0.3);
    expect(Math.abs(upper[0]! - upper[1]!)).toBeLessThan(0.01);
  }
});
