import { expect, it } from 'vitest';
import { DISTANCES, falling, firsts, halfLife, kernel, shared, type Recorded } from './model';
import recordedJson from './recording.json';

const r = recordedJson as Recorded;

it('forgets by halves', () => {
  expect(r.slopes).toEqual([0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0.0078125, 0.00390625]);
  expect(halfLife(r.slopes[0]!)).toBeCloseTo(1.386, 3);
  expect(halfLife(r.slopes[7]!)).toBeCloseTo(177.4, 1);
  expect(kernel(0.5)[2]![1]).toBeCloseTo(Math.exp(-1), 9);
  expect(falling(r.slopes)).toBe(true);
  expect(falling([0.5, 0.25, 0.7])).toBe(false);
});

it('has the buckets of T5: sixteen exact, one for all from 113 on', () => {
  expect(r.bucket).toHaveLength(DISTANCES);
  const steps = firsts(r.bucket);
  expect(steps).toHaveLength(32);
  expect(steps[16]).toEqual({ bucket: 16, from: 16 });
  expect(steps[17]).toEqual({ bucket: 17, from: 19 });
  expect(steps.at(-1)).toEqual({ bucket: 31, from: 113 });
  expect(shared(steps)).toBe(16); // 16, 17 and 18 share one number
});
