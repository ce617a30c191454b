import { expect, it } from 'vitest';
import type { RecallRun } from '../../../../wasm/client/types';
import { EVERY, MEMORIES, options, STEPS, train, WIDTHS, endOf, type Recorded } from './model';
import json from './recording.json';

const recorded = json as unknown as Recorded;
const engine = { recallSteps: async (q: { count: number }, state?: Float32Array): Promise<RecallRun> => {
  const step = (state?.[0] ?? 0) + q.count;
  return { step, accuracy: step / STEPS, loss: 1, parameters: 1, memory: 1, state: new Float32Array([step]) };
} };

it('goes to the end in slices, stops when told, and goes on from there', async () => {
  const steps: number[] = [];
  const half = await train(engine, options('delta', 8, 1), (p) => { steps.push(p.step); return p.step < 200; });
  expect(steps).toEqual(Array.from({ length: 200 / EVERY + 1 }, (_, i) => i * EVERY));
  await train(engine, options('delta', 8, 1), (p) => void steps.push(p.step), half.state);
  expect(steps).toEqual(Array.from({ length: STEPS / EVERY + 1 }, (_, i) => i * EVERY));
});

it('was recorded for every memory and width, five seeds each', () => {
  for (const m of MEMORIES) for (const w of WIDTHS) expect(endOf(recorded, m, w).accuracy).toHaveLength(5);
  expect(endOf(recorded, 'additive', 8).memoryNumbers).toBe(8 * 32);
});
