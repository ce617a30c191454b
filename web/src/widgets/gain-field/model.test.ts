import { expect, it } from 'vitest';
import { ask, DEFAULT, drive, effect, gains, HERE, KINDS, LEVELS, PLACES, THERE, type Recorded } from './model';
import json from './recording.json';

const recorded = json as unknown as Recorded;
/** The four rows by their definition, with a pool of everyone. */
const engine = { gainField: async (q: { gain: number[] }, drives: Float32Array) => {
  const M = drives.length / PLACES;
  const data = new Float32Array(4 * M * PLACES);
  for (let m = 0; m < M; m += 1) {
    const e = q.gain.map((a, j) => a * drives[m * PLACES + j]!), all = e.reduce((x, y) => x + y, 0);
    e.forEach((x, j) => [all, 1 + all, 1 + all, 1 + all].forEach((whole, k) => (data[(k * M + m) * PLACES + j] = x / whole)));
  }
  return { shape: [4, M, PLACES], data };
} };

it('two bumps on a ring, a field of gain over the first', () => {
  const d = drive(2, true), g = gains(4, 'narrow');
  expect(d[HERE]).toBeCloseTo(2);
  expect(d[THERE]).toBeCloseTo(2);
  expect(drive(2, false)[THERE]).toBeLessThan(1e-6);
  expect(g[HERE]).toBe(4);
  expect(g[THERE]).toBeCloseTo(1);
  expect(d[HERE - 3]).toBeCloseTo(d[HERE + 3]!);
});

it('asks once with attention and once without, and reads the rows of its kinds', async () => {
  const f = await ask(engine, DEFAULT);
  const softmax = KINDS.indexOf('softmax'), sink = KINDS.indexOf('sink');
  expect(f.total[softmax]!.every((x) => Math.abs(x - 1) < 1e-4)).toBe(true);
  expect(f.total[sink]![0]!).toBeLessThan(0.5);
  expect(f.profiles[sink]).toHaveLength(PLACES);
  expect(effect(f, 'sink')[0]!).toBeGreaterThan(effect(f, 'sink').at(-1)!);
  expect(f.difference).toBe(0);
});

it('the recording: a softmax without a sink sees no contrast, and the two writings of one thing agree', () => {
  for (const c of recorded.cases) {
    expect(c.difference).toBeLessThan(1e-7);
    expect(c.totals.softmax).toEqual([1, 1]);
    expect(c.weak.softmax).toBe(c.strong.softmax);
  }
  expect(recorded.figure.attended[0]).toHaveLength(LEVELS.length);
});
