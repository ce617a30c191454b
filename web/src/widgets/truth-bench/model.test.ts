import { expect, it } from 'vitest';
import { agreement, ceiling, METHODS, sameTop, scaled, summarise, truthOf, type Recorded } from './model';
import json from './recording.json';

const r = json as unknown as Recorded;
const toy = (profile: number[], truth: number[]) => ({
  truth, again: truth, erased: [...truth].reverse(), methods: Object.fromEntries(METHODS.map((m) => [m, profile])) as Recorded['figure']['methods'],
});

it('judges a profile by order and by the first of it', () => {
  const f = toy([0.1, 0.2, 0.7], [1, 2, 9]);
  expect(agreement(f, 'rollout', 'exchange')).toBeCloseTo(1, 12);
  expect(agreement(f, 'rollout', 'erase')).toBeCloseTo(-1, 12);
  expect(sameTop([0, 3, 1], [5, 6, -9])).toBe(true);
  expect(sameTop([0, 3, 1], [7, 6, -9])).toBe(false);
  expect(truthOf(f, 'erase')).toEqual([9, 2, 1]);
  expect(ceiling(f)).toBeCloseTo(1, 12);
});
it('averages over prompts', () => {
  const s = summarise([toy([1, 2, 3], [1, 2, 3]), toy([3, 2, 1], [1, 2, 3])]);
  expect(s.exchange.flow).toEqual({ rho: 0, top: 0.5 });
  expect(s.truths.rho).toBeCloseTo(-1, 12);
});
it('draws every profile to the same height and keeps the sign', () => {
  expect(scaled([-4, 2])).toEqual([-1, 0.5]);
  expect(scaled([0, 0])).toEqual([0, 0]);
});
it('the recording has five models and profiles as long as its string', () => {
  expect(r.rows.map((row) => row.seed)).toEqual([1, 2, 3, 4, 5]);
  expect(r.figure.text.length).toBe(r.figure.truth.length);
  for (const m of METHODS) expect(r.figure.methods[m].length).toBe(r.figure.text.length);
  // Rollout and the mean map are shares: they add up to one.
  for (const m of ['attention', 'rollout'] as const) expect(r.figure.methods[m].reduce((a, b) => a + b, 0)).toBeCloseTo(1, 2);
});
