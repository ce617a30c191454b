import { expect, it } from 'vitest';
import { inSlices } from './slices';

const ask = async (count: number, from?: Float32Array) => ({ step: (from?.[0] ?? 0) + count, state: Float32Array.of((from?.[0] ?? 0) + count) });

it('shows the start, every slice and the end; stops when told; goes on from a state to the same marks', async () => {
  const steps: number[] = [];
  await inSlices(ask, 25, 10, (r) => void steps.push(r.step));
  expect(steps).toEqual([0, 10, 20, 25]);
  const stopped = await inSlices(ask, 100, 10, (r) => r.step < 10);
  expect(stopped.step).toBe(10);
  const more: number[] = [];
  await inSlices(ask, 30, 10, (r) => void more.push(r.step), Float32Array.of(13));
  expect(more).toEqual([20, 30]);
});
