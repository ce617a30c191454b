import { describe, expect, it } from 'vitest';
import type { Sample } from '../training/samples';
import { config, inTurns, path, seedsFrom } from './model';

const sample = (step: number, accuracy: number, previous: number[], induction: number[]): Sample => ({
  step, loss: 1, accuracy,
  heads: previous.map((p, i) => ({ layer: i < 2 ? 0 : 1, head: i % 2, previous: p, induction: induction[i]! })),
});

describe('path', () => {
  it('takes one head from each layer, whatever scores elsewhere', () => {
    const run = [sample(0, 0, [0.1, 0.1, 0.1, 0.1], [0, 0, 0, 0]), sample(100, 0.9, [0.2, 0.8, 0.95, 0.1], [0.99, 0, 0.3, 0.7])];
    expect(path(run)).toMatchObject({ from: '0.1', to: '1.1', previous: 0.8, induction: 0.7, births: { accuracy: 100, previous: 100, induction: 100 } });
  });
  it('is empty before the first point', () => expect(path([])).toBeNull());
});

describe('turns', () => {
  it('keeps at most `width` running, and in order', async () => {
    let [running, most] = [0, 0];
    const order: number[] = [];
    const jobs = [0, 1, 2, 3, 4].map((i) => async () => {
      order.push(i);
      most = Math.max(most, (running += 1));
      await Promise.resolve();
      running -= 1;
    });
    await inTurns(jobs, 2, () => false);
    expect([most, order]).toEqual([2, [0, 1, 2, 3, 4]]);
  });
  it('hands out nothing more once stopped', async () => {
    let [done, stop] = [0, false];
    await inTurns([1, 2, 3].map(() => async () => { done += 1; stop = true; }), 1, () => stop);
    expect(done).toBe(1);
  });
});

it('varies nothing but the seed', () => {
  expect(seedsFrom(7)).toEqual([7, 8, 9, 10]);
  expect({ ...config(9), seed: 1 }).toEqual(config(1));
});
