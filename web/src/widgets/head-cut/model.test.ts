import { describe, expect, it } from 'vitest';
import { config, HEADS, kvChoices, median, profile, type Recorded } from './model';
import recordedJson from './recording.json';

const r = recordedJson as unknown as Recorded;

it('keeps the budget of weights whatever the cut', () => {
  for (const h of HEADS) {
    const { model } = config(h, 0, 1);
    expect(model.heads * model.head_width!).toBe(model.width);
    expect(model.kv_heads).toBe(h);
  }
  expect(config(8, 2, 5)).toMatchObject({ seed: 5, steps: 700, model: { heads: 8, kv_heads: 2, head_width: 8 } });
  expect(kvChoices(8)).toEqual([1, 2, 4, 8]);
});

describe('the recording says what the chapter says', () => {
  const accuracy = (h: number): number => profile(r).find(([x]) => x === h)![1];
  it('has five seeds and every cut', () => {
    expect(r.budget.map((b) => b.heads)).toEqual([...HEADS]);
    for (const b of r.budget) expect([b.accuracy.length, b.curves.length, b.curves[0]!.length]).toEqual([5, 5, r.steps.length]);
  });
  it('is best inside, and the slopes are wider than the spread', () => {
    expect([1, 2, 4, 8, 16, 32, 64].map(accuracy)).toEqual([0.886, 0.985, 0.979, 0.854, 0.781, 0.452, 0.491]);
    const of = (h: number): number[] => r.budget.find((b) => b.heads === h)!.accuracy;
    expect(Math.min(...of(2))).toBeGreaterThan(Math.max(...of(1)));
    expect(Math.min(...of(4))).toBeGreaterThan(Math.max(...of(8)));
  });
  it('refutes the cheap sharing of narrow memories', () => {
    const kv = (k: number): number => median(r.memories.find((m) => m.kvHeads === k)!.accuracy);
    expect(Math.abs(kv(4) - kv(8))).toBeLessThan(0.03);
    expect(kv(8) - kv(1)).toBeGreaterThan(accuracy(8) - accuracy(16));
  });
});
