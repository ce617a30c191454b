import { describe, expect, it } from 'vitest';
import { config, COUNT, extreme, foretells, full, HEADS, headAt, interaction, pairsOf, spare, unpack, type Figure, type Recorded } from './model';
import json from './recording.json';

const runs = (json as unknown as Recorded).runs.map(unpack);
const toy = (change: Partial<Figure>): Figure => ({ ...runs[0]!, ...change });

describe('arithmetic', () => {
  it('calls what a pair costs beyond its parts', () => {
    const single = Array<number>(COUNT).fill(0.1);
    const pair = Array<number>(COUNT * COUNT).fill(0.2);
    pair[8 * COUNT + 9] = pair[9 * COUNT + 8] = 1.2;
    const f = toy({ single, pair });
    expect(interaction(f, 8, 9)).toBeCloseTo(1);
    expect(interaction(f, 8, 10)).toBeCloseTo(0);
    expect(interaction(f, 8, 8)).toBe(0);
  });
  it('finds the likest and unlikest pair of a layer', () => {
    const cka = Array<number>(COUNT * COUNT).fill(0.5);
    cka[9 * COUNT + 12] = cka[12 * COUNT + 9] = 0.9;
    cka[8 * COUNT + 15] = cka[15 * COUNT + 8] = 0.1;
    expect(extreme(toy({ cka }), 'cka', 1, true)).toEqual({ i: 9, j: 12 });
    expect(extreme(toy({ cka }), 'cka', 1, false)).toEqual({ i: 8, j: 15 });
    expect(pairsOf(1)).toHaveLength(28);
  });
  it('counts heads that go before the loss has risen', () => {
    const greedy = { order: [], accuracy: [], loss: [0.1, 0.2, 0.9, 2] };
    expect(spare(toy({ loss: 0.1, greedy }), 0.5)).toBe(2);
    expect(spare(toy({ loss: 0.1, greedy }), 9)).toBe(COUNT);
  });
  it('fills a symmetric table from its triangle', () => {
    const t = full(Array.from({ length: 120 }, (_, k) => k), (i) => -i);
    expect([t[1], t[COUNT], t[15 * COUNT + 14], t[3 * COUNT + 3]]).toEqual([0, 0, 119, -3]);
  });
  it('names heads by layer and keeps their width', () => {
    expect(headAt(11)).toEqual({ layer: 1, head: 3 });
    expect(config(4)).toMatchObject({ seed: 4, model: { heads: HEADS, head_width: 16, width: 64 } });
  });
});

describe('recording', () => {
  it('has five seeds, each head and pair of it', () => {
    expect(runs.map((f) => f.seed)).toEqual([1, 2, 3, 4, 5]);
    for (const f of runs) {
      expect([f.js.length, f.cka.length, f.pair.length, f.single.length, f.greedy.order.length]).toEqual([256, 256, 256, 16, 16]);
      expect([...f.greedy.order].sort((a, b) => a - b)).toEqual(Array.from({ length: COUNT }, (_, i) => i));
      expect(Math.abs(foretells(f, 'cka', 1))).toBeLessThanOrEqual(1);
    }
  });
});
