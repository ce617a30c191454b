import { describe, expect, it } from 'vitest';
import { enough, KINDS, median, target, TOKENS, WIDTHS, type Recorded } from './model';
import recordedJson from './recording.json';

const recorded = recordedJson as unknown as Recorded;
const row = (p: Float32Array, i: number): Float32Array => p.subarray(i * TOKENS, (i + 1) * TOKENS);

describe('targets', () => {
  it.each(KINDS)('%s: rows are distributions, and a seed names one target', (kind) => {
    const p = target(kind, 3);
    for (let i = 0; i < TOKENS; i += 1) expect(row(p, i).reduce((s, x) => s + x, 0)).toBeCloseTo(1, 5);
    expect(target(kind, 3)).toEqual(p);
    expect(target(kind, 4)).not.toEqual(p);
  });
  it('permutes: one in each row and column', () => {
    const p = target('permutation', 1);
    for (let j = 0; j < TOKENS; j += 1) expect(Array.from({ length: TOKENS }, (_, i) => p[i * TOKENS + j]!).filter((x) => x === 1)).toHaveLength(1);
  });
  it('groups by four', () => expect([...row(target('blocks', 2), 5)].filter((x) => x === 0.25)).toHaveLength(4));
});

describe('recording', () => {
  const curve = (kind: string) => recorded.curves.find((c) => c.kind === kind)!.divergence;
  it('has every width and five seeds', () => {
    for (const c of recorded.curves) expect(c.divergence.map((r) => r.length)).toEqual(WIDTHS.map(() => 5));
  });
  // The chapter says so.
  it('points from two dimensions on, and not from one', () => {
    expect(enough(curve('permutation'), 0.001)).toBe(2);
    expect(Math.min(...curve('permutation')[0]!)).toBeGreaterThan(1);
  });
  it('needs nearly sixteen for a soft pattern', () => {
    expect(Math.min(...curve('soft')[3]!)).toBeGreaterThan(0.01);
    expect(enough(curve('soft'), 0.01)).toBeGreaterThanOrEqual(10);
    expect(enough(curve('soft'), 1e-6)).toBe(15);
  });
  it('gives medians that fall', () => {
    const m = median(curve('soft'));
    for (let i = 1; i < m.length; i += 1) expect(m[i]![1]).toBeLessThanOrEqual(m[i - 1]![1]);
  });
});
