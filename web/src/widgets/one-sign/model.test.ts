import { expect, it } from 'vitest';
import type { ParityRun } from '../../../../wasm/client/types';
import { EVERY, flip, kept, LENGTHS, MIXERS, of, options, SEEDS, STEPS, train, type Recorded } from './model';
import json from './recording.json';

const engine = { paritySteps: async (q: { count: number }, state?: Float32Array): Promise<ParityRun> => {
  const step = (state?.[0] ?? 0) + q.count;
  return { step, accuracy: new Float32Array(LENGTHS.length), gates: { shape: [2, 1], data: new Float32Array([1, -1]) }, state: new Float32Array([step]) };
} };

it('goes to the end in slices, stops when told, and goes on from there', async () => {
  const steps: number[] = [];
  const half = await train(engine, options('signed', 1), (p) => { steps.push(p.step); return p.step < 400; });
  await train(engine, options('signed', 1), (p) => void steps.push(p.step), half.state);
  expect(steps).toEqual(Array.from({ length: STEPS / EVERY + 1 }, (_, i) => i * EVERY));
});

it('names the multiplier on a one that turns most', () => {
  expect(flip([0.9, 0.8, 0.3, -0.7])).toBe(-0.7);
  expect(flip([])).toBeNaN();
});

it('names what a zero and a one leave where their signs are unlike', () => {
  expect(kept([0.9, 0.99, -0.5, 0.9, 0.99, 0.5])).toBe(0.25);
  expect(kept([0.9, 0.9])).toBe(0);
  expect(kept([])).toBeNaN();
});

it('was recorded for every mixer, five seeds each', () => {
  for (const m of MIXERS) expect(of(json as unknown as Recorded, m).map((r) => r.seed)).toEqual([...SEEDS]);
});
