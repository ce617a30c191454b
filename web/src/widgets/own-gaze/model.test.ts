import { expect, it } from 'vitest';
import type { SchemaExam, SchemaRun } from '../../../../wasm/client/types';
import { curve, CURVE_EVERY, EVERY, median, of, SEEDS, STEPS, train, values, wins, WIRINGS, type Recorded } from './model';
import json from './recording.json';

const recorded = json as unknown as Recorded;
const exam: SchemaExam = { accuracy: 0.5, loss: 1, divergence: 0, match: 0, stale: 0, onTarget: 0.1 };
const engine = { schemaSteps: async (q: { count: number }, state?: Float32Array): Promise<SchemaRun> => {
  const step = (state?.[0] ?? 0) + q.count;
  return { step, own: exam, foreign: exam, state: new Float32Array([step]) };
} };

it('goes to the end in slices, stops when told, and goes on from there', async () => {
  const steps: number[] = [];
  const half = await train(engine, { wiring: 'fed', seed: 1 }, (p) => { steps.push(p.step); return p.step < 500; });
  await train(engine, { wiring: 'fed', seed: 1 }, (p) => void steps.push(p.step), half.state);
  expect(steps).toEqual(Array.from({ length: STEPS / EVERY + 1 }, (_, i) => i * EVERY));
});

it('compares seed with the same seed', () => {
  const run = (wiring: 'none' | 'fed', seed: number, accuracy: number) => ({ wiring, seed, own: { ...exam, accuracy }, foreign: 0, curve: [] });
  const r: Recorded = { commit: '', runs: [run('none', 1, 0.2), run('none', 2, 0.9), run('fed', 1, 0.3), run('fed', 2, 0.8), run('fed', 3, 1)] };
  expect(wins(r, 'fed', 'none')).toBe(1);
  expect(wins(r, 'none', 'fed')).toBe(1);
});

it('was recorded for every wiring, ten seeds each, from step 0 to the last', () => {
  for (const w of WIRINGS) {
    expect(of(recorded, w).map((r) => r.seed)).toEqual([...SEEDS]);
    expect(curve(recorded, w).at(-1)![0]).toBe(STEPS);
    expect(curve(recorded, w)).toHaveLength(STEPS / CURVE_EVERY + 1);
  }
  // Before training nobody knows anything.
  for (const w of WIRINGS) expect(median(values(recorded, w, (r) => r.curve[0]!))).toBeLessThan(0.2);
});
