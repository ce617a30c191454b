import { describe, expect, it } from 'vitest';
import { judge, meanCurve, PERIOD } from './model';
import json from './recording.json';

describe('judging logits', () => {
  it('counts only the places that count, and gives ln V to a model that knows nothing', () => {
    const blank = new Array<number>(2 * 3 * 4).fill(0);
    expect(judge(blank, 4, [[1, 2, 3], [0, 0, 0]], [[0, 1, 1], [1, 0, 0]]).loss).toBeCloseTo(Math.log(4), 12);
  });
  it('finds the right letter and its loss', () => {
    const logits = [0, 3, 0, 0, 0, 5];
    const { loss, accuracy } = judge(logits, 3, [[1, 0]], [[1, 1]]);
    expect(accuracy).toBe(0.5);
    expect(loss).toBeCloseTo((Math.log(2 + Math.exp(3)) - 3 + Math.log(2 + Math.exp(5))) / 2, 12);
  });
  it('averages losses over sequences', () => {
    expect(Array.from(meanCurve({ shape: [2, 3], data: [1, 2, 3, 3, 2, 1] }))).toEqual([2, 2, 2]);
  });
});

describe('the recording', () => {
  const f = json.figure;
  it('has a curve for every predicted place, before and after', () => expect([f.before.length, f.after.length]).toEqual([47, 47]));
  it('shows a model that cannot guess the first letters and knows the repeat', () => {
    const mean = (a: number[]): number => a.reduce((x, y) => x + y, 0) / a.length;
    expect(mean(f.before.slice(0, PERIOD - 1))).toBeGreaterThan(Math.log(32));
    expect(mean(f.before.slice(PERIOD + 1))).toBeLessThan(0.5);
    expect(f.whole.accuracy).toBeGreaterThan(0.9);
  });
  it('agrees with itself: the head it takes out is worth the same in the table of single ablations', () => {
    const [only] = f.off as { layer: number; head: number }[];
    expect(f.off).toHaveLength(1);
    expect(f.importance[only!.layer * 4 + only!.head]!.loss).toBeCloseTo(f.cut.loss, 2);
  });
});
