import { expect, it } from 'vitest';
import { COSINES, errors, KINDS, type Recorded } from './model';
import json from './recording.json';

const recorded = json as unknown as Recorded;

it('measures ratios against one', () => {
  expect(errors([1, 1])).toEqual({ measured: 0, negative: 0 });
  expect(errors([2, 0, -1, 1])).toEqual({ measured: Math.sqrt(6 / 4), negative: 0.25 });
});

it('was recorded with and without orthogonal rows, and follows the closed form where the tails are light', () => {
  expect(recorded.figures.map((f) => [f.orthogonal, f.seed])).toEqual([false, true].flatMap((o) => [1, 2, 3, 4, 5].map((s) => [o, s])));
  for (const f of recorded.figures.filter((x) => !x.orthogonal)) {
    expect(f.cells.map((row) => row.length)).toEqual(KINDS.map(() => COSINES.length));
    for (const c of f.cells[0]!) expect(Math.abs(c.measured / c.theory - 1)).toBeLessThan(0.15);
    expect(Math.abs(f.cells[1]![0]!.measured / f.cells[1]![0]!.theory - 1)).toBeLessThan(0.15);
  }
});
