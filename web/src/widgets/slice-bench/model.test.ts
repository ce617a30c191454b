import { describe, expect, it } from 'vitest';
import { BATCHES, cheapest, relative, type Recorded } from './model';
import json from './recording.json';

const recording = json as unknown as Recorded;

it('takes the same number of the cheapest heads from every layer', () => {
  const prices = [5, 1, 4, 2, 9, 9, 9, 9, /* layer 1 */ 9, 9, 9, 9, 0.2, 0.1, 9, 9];
  expect(cheapest(prices, 2)).toEqual([{ layer: 0, head: 1 }, { layer: 0, head: 3 }, { layer: 1, head: 5 }, { layer: 1, head: 4 }]);
});

describe('the recording', () => {
  it('has one answer for three ways, and weights that only the knife takes', () => {
    const { lines, apart } = recording.figure;
    expect(apart).toBeLessThan(1e-3);
    expect(lines.mask.parameters).toBe(lines.whole.parameters);
    expect(lines.fold.bytes).toBe(lines.whole.bytes);
    // Of a head: 64 · 16 in each of W_Q, W_K, W_V and W_O, four heads gone in two layers.
    expect(lines.whole.parameters - lines.slice.parameters).toBe(2 * 4 * 4 * 64 * 16);
    expect(relative(recording.figure, 'whole')).toBe(1);
  });
  it('has five sessions of every size', () => {
    for (const batch of BATCHES) for (const gone of [2, 4, 6]) expect(recording.sessions.filter((s) => s.batch === batch && s.gone === gone).length).toBe(5);
  });
});
