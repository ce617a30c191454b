import { expect, it } from 'vitest';
import { push } from './model';
import { recorded } from './recorded';

it('pushes logits along the rows of the embedding, less their mean', () => {
  const net = { width: 2, vocab: 3, embed: Float32Array.from([1, 0, 0, 1, 2, 2]), last: Float32Array.from([1, 2]) } as unknown as Parameters<typeof push>[0];
  const pushed = push(net, [1, 0]);
  expect([...pushed]).toEqual([0, -1, 1]);
  expect(push(net, [-1, 0]).map((x) => x + 0)).toEqual(pushed.map((x) => -x + 0));
});

it('has all layers, the loudest rows first, and rows whose signs say what they raise', () => {
  expect(recorded.layers.map((f) => f.layer)).toEqual([0, 1, 2, 3, 4]);
  for (const f of recorded.layers) {
    const shares = f.rows.map((r) => r.share);
    expect([...shares].sort((a, b) => b - a)).toEqual(shares);
    for (const r of f.rows) {
      expect(r.tails.at(-1)).toMatchObject({ keep: f.at, m: r.m });
      expect(r.all).toHaveLength(f.tokens.length);
    }
  }
});
