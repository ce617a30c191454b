import { expect, it } from 'vitest';
import { ask, CHANGE, KINDS, mean, places, recovery, TOKENS, type Recorded } from './model';
import json from './recording.json';

it('averages four tokens, and measures how soon an error halves', async () => {
  const data = Float32Array.from({ length: KINDS.length * TOKENS }, (_, i) => (i % TOKENS < CHANGE ? 0 : i % TOKENS < CHANGE + 20 ? 2 : i < TOKENS ? 1.5 : 0.5));
  const f = await ask({ onlineErrors: async () => ({ shape: [KINDS.length, TOKENS], data }) }, { width: 16, beta: 0.5, noise: 0.1, seed: 1 });
  expect(f.errors[0]).toHaveLength(places.length);
  expect(recovery(f, 'additive')).toBeNull();
  expect(recovery(f, 'delta')).toBe(22);
  expect(mean(f, 'delta', 0, CHANGE)).toBe(0);
});

it('was recorded for five seeds', () => expect((json as unknown as Recorded).figures.map((f) => f.seed)).toEqual([1, 2, 3, 4, 5]));
