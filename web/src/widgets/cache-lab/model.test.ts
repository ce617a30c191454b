import { describe, expect, it } from 'vitest';
import { cacheBytes, cost, costs } from './model';
import { recorded } from './recorded';

const small = { layers: 5, width: 256, heads: 8, head: 32, inner: 512, vocab: 4096 };

describe('cost', () => {
  it('is what the chapter prints: 20 D² a layer, 4 n D for the keys, 2 D V for the vocabulary', () => {
    expect(cost(small, 0, false)).toBe(5 * 20 * 256 ** 2);
    expect(cost(small, 256, false) - cost(small, 0, false)).toBe(5 * 4 * 256 * 256);
    expect(cost(small, 0) - cost(small, 0, false)).toBe(2 * 256 * 4096);
    // The quadratic part meets the linear one at n = 5 D.
    expect(cost(small, 5 * 256, false)).toBe(2 * cost(small, 0, false));
  });
  it('without a cache every place is counted again', () => {
    expect(costs(small, 1).full).toBe(costs(small, 1).cached);
    expect(costs(small, 3).full).toBe(cost(small, 3) + cost(small, 1, false) + cost(small, 2, false));
  });
  it('ten kibibytes a token', () => expect(cacheBytes(small)).toBe(10 * 1024));
});

describe('the recorded continuation', () => {
  const f = recorded.figure;
  it('is the same three ways', () => {
    expect(f.mask).toBe('lower-right');
    expect([f.core, f.full]).toEqual([f.cached, f.cached]);
  });
  it('differs from the full pass by rounding only, and no more at the end than at the start', () => {
    expect(f.gaps).toHaveLength(f.count + 1);
    expect(Math.max(...f.gaps)).toBeLessThan(1e-4);
    expect(Math.max(...f.gaps)).toBeGreaterThan(0);
    const half = f.gaps.length >> 1;
    expect(Math.max(...f.gaps.slice(half))).toBeLessThan(5 * Math.max(...f.gaps.slice(0, half)));
  });
});
