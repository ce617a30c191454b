import { describe, expect, it } from 'vitest';
import { diagonal, stepBack, unpackFigure, type PackedFigure } from './model';
import json from './recording.json';

describe('reading a table', () => {
  it('counts rows whose largest entry is on the diagonal', () => {
    expect(diagonal([3, 1, 0, 0, 1, 2, 5, 4, 3], 3)).toEqual({ share: 1 / 3, on: 7 / 3, off: 12 / 6 });
  });
  it('counts places that look one step back, among those they may see', () => {
    // Row 1 prefers 0, row 2 prefers 1; the large entries above the diagonal are the future.
    const table = [0, 9, 9, 2, 1, 9, 0, 5, 1];
    expect(stepBack(table, 3)).toEqual({ share: 1, lead: (2 - 1 + (5 - 0.5)) / 2 });
    expect(stepBack([0, 0, 0, 0, 1, 0, 0, 0, 1], 3).share).toBe(0);
  });
});

describe('the recorded head', () => {
  const recording = json as unknown as PackedFigure;
  const f = unpackFigure(recording);
  it('has tables of the sizes it names', () => {
    expect([f.ov.length, f.qk.length, f.places.length, f.through.length]).toEqual([32 * 32, 32 * 32, 48 * 48, 32 * 32]);
    expect(f.copying).toHaveLength(8);
  });
  it('prints the copying score of its own eigenvalues', () => {
    const sum = f.eigenvalues.reduce((a, e) => a + e.re, 0);
    const moduli = f.eigenvalues.reduce((a, e) => a + Math.hypot(e.re, e.im), 0);
    expect(sum / moduli).toBeCloseTo(f.copying[f.layer * 4 + f.head] as number, 2);
  });
  it('has eigenvalues that add up to the trace of the OV table', () => {
    let trace = 0;
    for (let i = 0; i < 32; i += 1) trace += f.ov[i * 32 + i] as number;
    const sum = f.eigenvalues.reduce((a, e) => a + e.re, 0);
    expect(Math.abs(sum - trace)).toBeLessThan(0.02 * Math.abs(trace) + 0.5);
  });
});
