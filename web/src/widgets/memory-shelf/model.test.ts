import { expect, it } from 'vitest';
import { ask, at, CASES, COUNTS, KINDS, of, type Recorded } from './model';
import json from './recording.json';

const recorded = json as unknown as Recorded;

it('reads the core\'s columns in the order of kinds', async () => {
  const data = Float32Array.from({ length: COUNTS.length * KINDS.length }, (_, i) => i / 100);
  const f = await ask({ memoryCapacity: async () => ({ shape: [COUNTS.length, KINDS.length], data }) }, { ...CASES.unique, seed: 1 });
  expect(at(f, 'additive', 4)).toBe(0);
  expect(at(f, 'delta', 8)).toBe(0.07);
  expect(at(f, 'recent', 256)).toBe(0.34);
});

it('was recorded for five seeds of every case, and a log of unique keys forgets nothing', () => {
  for (const name of Object.keys(CASES) as (keyof typeof CASES)[]) expect(of(recorded, name).map((f) => f.seed)).toEqual([1, 2, 3, 4, 5]);
  for (const f of of(recorded, 'unique')) for (const n of COUNTS) expect(at(f, 'softmax', n)).toBe(1);
});
