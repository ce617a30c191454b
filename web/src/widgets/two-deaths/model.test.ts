import { describe, expect, it } from 'vitest';
import { cell, count, fate, LOUD, SKIPS, type Recorded } from './model';
import json from './recording.json';

const recorded = json as unknown as Recorded;

it('names a fate by both thresholds', () => {
  expect([fate(0.99, 0.9), fate(0.2, 0.01), fate(0.99, 0.01), fate(0.5, 0.5)]).toEqual(['merged', 'frozen', 'both', 'alive']);
});

describe('recording', () => {
  it('covers the plane for every norm', () => {
    expect(recorded.figures.map((f) => f.norm)).toEqual(['none', 'pre', 'post']);
    for (const f of recorded.figures) expect([f.cosine.length, f.entropy.length]).toEqual([SKIPS.length * LOUD.length, SKIPS.length * LOUD.length]);
  });
  it('merges in the quiet corner, freezes at the loud edge, and a norm widens what lives', () => {
    const [none, pre] = recorded.figures;
    const at = (f: typeof none, skip: number, loud: number) => fate(f!.cosine[cell(skip, loud)]!, f!.entropy[cell(skip, loud)]!);
    expect(at(none, 0, 0.25)).toBe('merged');
    expect(at(none, 1, 32)).toBe('frozen');
    expect(at(none, 1, 1)).toBe('alive');
    expect(count(pre!).alive).toBeGreaterThan(2 * count(none!).alive);
  });
});
