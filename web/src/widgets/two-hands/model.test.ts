import { describe, expect, it } from 'vitest';
import { hook, need, ofHalf, readers, silenced, sublayers } from './model';
import { recorded } from './recorded';

it('names the sublayers in the order in which they write', () => {
  expect(sublayers(2).map(hook)).toEqual(['blocks.0.attn_out', 'blocks.0.mlp_out', 'blocks.1.attn_out', 'blocks.1.mlp_out']);
  expect(ofHalf([[1], [10], [2], [20]], 'attn', 0)).toBe(3);
  expect(ofHalf([[1], [10], [2], [20]], 'ffn', 0)).toBe(30);
});

it('silences every place but the first', () => {
  const own = { shape: [1, 3, 2], data: Float32Array.from([1, 2, 3, 4, 5, 6]) };
  expect([...silenced(own, null, 2).data]).toEqual([1, 2, 0, 0, 0, 0]);
  expect([...silenced(own, (t, i) => 10 * t + i, 2).data]).toEqual([1, 2, 10, 11, 20, 21]);
  expect([...own.data]).toEqual([1, 2, 3, 4, 5, 6]);
});

it('tells what a token needed', () => {
  expect(need(5, 3)).toBe('context');
  expect(need(0.9, 0.5)).toBe('local');
  expect(need(3, 2.5)).toBe('rest');
});

it('a reader is blind to what all logits share', () => {
  const net = { width: 2, vocab: 3, embed: Float32Array.from([1, 0, 0, 1, 2, 2]), last: Float32Array.from([1, 2]) } as unknown as Parameters<typeof readers>[0];
  const read = readers(net);
  const total = [0, 1, 2].map((v) => read(v)).reduce((a, b) => [a[0] + b[0]!, a[1] + b[1]!] as [number, number], [0, 0] as [number, number]);
  expect(Math.abs(total[0]) + Math.abs(total[1])).toBeLessThan(1e-6);
  expect(read(2)[1]).toBeCloseTo(2 * (2 - 1), 6);
});

describe('the recording', () => {
  const alone = recorded.hows.find((h) => h.how === 'alone')!;
  const mean = recorded.hows.find((h) => h.how === 'mean')!;
  it('is whole', () => {
    expect(recorded.hows.map((h) => h.how)).toEqual(['alone', 'mean']);
    for (const h of recorded.hows) expect([h.cost.length, h.cost[0]!.length, h.direct[0]!.length]).toEqual([10, h.tokens.length - 1, h.tokens.length - 1]);
  });
  it('shows a dictionary: FFN 0 costs most without its words and nothing without context', () => {
    const sum = (h: typeof alone, k: number): number => h.cost[k]!.reduce((a, b) => a + b, 0);
    const costs = mean.cost.map((_, k) => sum(mean, k));
    expect(costs.indexOf(Math.max(...costs))).toBe(1);
    expect(Math.abs(sum(alone, 1)) / sum(mean, 1)).toBeLessThan(0.05);
  });
  it('parts add up to the logit less the mean, the same for both ways of silencing', () => {
    expect(alone.direct).toEqual(mean.direct);
  });
});
