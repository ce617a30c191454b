import { describe, expect, it } from 'vitest';
import { determined, names, points, read, touched, type Figure } from './model';
import json from './recording.json';

describe('the chosen and the others', () => {
  const chosen = [{ layer: 0, head: 1 }];
  it('pruning works on everything but the chosen, and twice over gives them back', () => {
    expect(touched(chosen, false, 2, 2)).toEqual(chosen);
    const others = touched(chosen, true, 2, 2);
    expect(names(others)).toBe('0.0, 1.0, 1.1');
    expect(touched(others, true, 2, 2)).toEqual(chosen);
  });
});

it('a place is determined when the letter before it was seen and the same followed', () => {
  expect(determined([1, 2, 3, 1, 2, 3])).toEqual([4, 5]); // the first letter of the repeat cannot be known
  expect(determined([1, 2, 3, 1, 4])).toEqual([]);
  expect(determined([1, 1, 1])).toEqual([2]);
});

it('reads losses and centred logits off the rows', () => {
  const { losses, logits, p } = read([0, Math.log(3), 0, 0, Math.log(2), 0], 3, [1, 1]);
  expect(losses[0]).toBeCloseTo(Math.log(5 / 3), 12);
  expect(logits.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 12);
  expect(p[1]).toBeCloseTo(0.5, 12);
  expect(points([7, 8])).toEqual([[2, 7], [3, 8]]);
});

it('the recording is the lesson at rest: without the previous-token head the repeat is lost', () => {
  const f = json.figure as unknown as Figure;
  expect(f.before.length).toBe(f.text.length - 1);
  expect(f.whole).toBeLessThan(0.2);
  expect(f.cut).toBeGreaterThan(2);
  expect(f.alone.indexOf(Math.max(...f.alone))).toBe(1);
  expect(f.alone[1]).toBeCloseTo(f.cut - f.whole, 2);
});
