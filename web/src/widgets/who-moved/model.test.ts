// Arrows add up to heads, heads and blocks to the difference of logits; correlation and summary by hand.
import { describe, expect, it } from 'vitest';
import { median, points, readers, spearman, summary, TEXT } from './model';
import { recorded } from './recorded';

const f = recorded.figure;
const T = f.tokens.length;
const at = (x: ArrayLike<number>, i: number): number => x[i] as number;

describe('the recorded question', () => {
  it('is the sentence shown at rest, the two likeliest tokens, every arrow taken out', () => {
    expect([f.text, f.next[0]!.id, f.next[1]!.id]).toEqual([TEXT, f.a, f.b]);
    expect(f.effect).toHaveLength(f.layers * f.headCount * T);
    expect(f.effect.every((e) => e !== null)).toBe(true);
  });
  it('arrows add up to heads', () => {
    f.heads.forEach((part, i) => {
      let sum = 0;
      for (let s = 0; s < T; s += 1) sum += at(f.direct, i * T + s);
      expect(Math.abs(sum - part)).toBeLessThan(0.01 + 0.02 * Math.abs(part));
    });
    expect(f.gap).toBeLessThan(1e-4);
  });
  it('parts add up to the difference of the logits', () => {
    const sum = f.embed + f.ffn.reduce((a, b) => a + b, 0) + f.heads.reduce((a, b) => a + b, 0);
    expect(Math.abs(sum - f.total)).toBeLessThan(0.02);
    expect(Math.abs(f.next[0]!.logit - f.next[1]!.logit - f.total)).toBeLessThan(1e-3);
  });
  it('weights of a head are a distribution', () => {
    for (let i = 0; i < f.heads.length; i += 1) {
      let sum = 0;
      for (let s = 0; s < T; s += 1) sum += at(f.weight, i * T + s);
      expect(Math.abs(sum - 1)).toBeLessThan(0.01);
    }
  });
});

it('ranks, not values: a monotone curve correlates at one, ties share their rank', () => {
  expect(spearman([1, 2, 3, 4], [1, 10, 100, 1000])).toBeCloseTo(1, 12);
  expect(spearman([1, 2, 3, 4], [4, 3, 2, 1])).toBeCloseTo(-1, 12);
  expect(spearman([1, 2, 2, 3], [1, 2, 2, 3])).toBeCloseTo(1, 12);
  expect(spearman([1, 2], [1, 2])).toBeNaN();
  expect(spearman([1, 1, 1], [1, 2, 3])).toBeNaN();
});

it('counts the heaviest arrows that do less than the median one', () => {
  const effect = [0.01, null, -0.5, 0.2];
  const p = points({ tokens: ['⊢', 'а'], headCount: 2, weight: [0.9, 0.1, 0.6, 0.4], direct: [0, 0, -0.4, 0.1], effect });
  expect(p.map((x) => [x.head, x.source])).toEqual([[0, 0], [1, 0], [1, 1]]);
  expect(summary(p)).toMatchObject({ count: 3, heavy: 1, threshold: 0.9, idle: 1, sink: 1 });
  expect(summary(p.map((x) => ({ ...x, weight: 1 - x.weight })))).toMatchObject({ idle: 0, sink: 0 });
  expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
});

it('reads a unit of value along the difference of two rows', () => {
  const net = { width: 2, head: 1, heads: 1, layers: 1, epsilon: 0, last: Float32Array.from([1, 1]), embed: Float32Array.from([1, 0, 0, 1]), blocks: [{ o: Float32Array.from([3, 1]) }] };
  // stream (1, 1): rms 1; u = (1, −1); W_O row (3, 1): 3 − 1 = 2.
  expect(readers(net as never, [1, 1], 0, 1)[0]![0]).toBeCloseTo(2, 12);
});
