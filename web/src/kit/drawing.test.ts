import { describe, expect, it } from 'vitest';
import { mulberry } from '../lib/random';
import { arcHeight, arcPath, arcs } from './arcs';
import { contrast, diverging, inkOn, mixOklab, ramp, rampAt, sequential, type Rgb } from './colour';
import { csv } from './export';
import { soloHead, toggleHead } from './heads';
import { assertCovers, cellAt, cellText, cellWords, isMasked, matrixRows, matrixScale, moveInGrid, niceBound, rowWords } from './matrix';
import { axis, dodge, keyOf, lineColour, lineDash, logTicks, nearest, niceRange, path, range, stack, tickText, valueAt } from './plot';

describe('colour', () => {
  const stops: Rgb[] = [[251, 246, 234], [208, 146, 90], [67, 25, 15]];
  it('passes through its stops and keeps its ends', () => {
    const r = ramp(stops, 257);
    expect(rampAt(r, 0)).toEqual(stops[0]);
    expect(rampAt(r, 0.5)).toEqual(stops[1]);
    expect(rampAt(r, 7)).toEqual(stops[2]);
    expect(rampAt(r, NaN)).toEqual(stops[0]);
    expect(mixOklab([0, 0, 0], [255, 255, 255], 1)).toEqual([255, 255, 255]);
  });
  it('always leaves readable numbers: ink on any cell has at least 4.5 : 1', () => {
    for (const ground of ramp(stops)) {
      const ink: Rgb = inkOn(ground) === '#000000' ? [0, 0, 0] : [255, 255, 255];
      expect(contrast(ground, ink)).toBeGreaterThanOrEqual(4.5);
    }
  });
  it('names CSS colours', () => {
    expect(sequential(0)).toBe('var(--seq-0)');
    expect(sequential(1)).toBe('var(--seq-6)');
    expect(sequential(0.25)).toBe('color-mix(in oklab, var(--seq-2) 50%, var(--seq-1))');
    expect(diverging(0, 3)).toBe('var(--div-0)');
    expect(diverging(-9, 3)).toBe('var(--div-neg-3)');
  });
});

describe('matrix', () => {
  it('has a scale that covers the data, and says so when it does not', () => {
    const data = [0.2, -3.7, 2];
    const scale = matrixScale('score', data);
    expect([scale.lo, scale.hi]).toEqual([-5, 5]);
    expect(scale.at(0)).toBe(0.5);
    expect(() => assertCovers(scale, data, 'm')).not.toThrow();
    expect(() => assertCovers(matrixScale('probability', data), data, 'm')).toThrow(RangeError);
    expect(() => assertCovers(matrixScale('score', data, 3), data, 'm')).toThrow(/-3.7/);
  });
  it('rounds bounds outwards, never inwards', () => {
    const next = mulberry(2);
    for (let k = 0; k < 500; k += 1) {
      const x = 10 ** (8 * next() - 4);
      expect(niceBound(x)).toBeGreaterThanOrEqual(x * (1 - 1e-6));
      expect(niceBound(x)).toBeLessThanOrEqual(x * 1.7);
    }
    expect(niceBound(0)).toBe(1);
  });
  it('finds cells under a point', () => {
    expect(cellAt(2, 3, 10, 25, 15)).toEqual({ row: 1, col: 2 });
    expect(cellAt(2, 3, 10, 30, 5)).toBeNull();
    expect(cellAt(2, 3, 10, -1, 5)).toBeNull();
  });
  it('masks the future, aligned to the bottom right when there is a past', () => {
    expect(isMasked(0, 1, true, 3, 3)).toBe(true);
    expect(isMasked(0, 1, true, 2, 3)).toBe(false);
    expect(isMasked(0, 2, true, 2, 3)).toBe(true);
    expect(isMasked(0, 2, false, 3, 3)).toBe(false);
  });
  it('speaks rows and cells', () => {
    const rows = ['а', 'б'];
    const o = { rows, cols: rows, row: 1, kind: 'probability' as const };
    expect(rowWords({ ...o, values: [0.71, 0.29], masked: () => false })).toBe('буква „б“ (2) смотрит на „а“ (1): 0,71; „б“ (2): 0,29.');
    expect(rowWords({ ...o, row: 0, values: [1, 0.9], masked: (c) => c > 0 })).toBe('буква „а“ (1) смотрит на „а“ (1): 1,00.');
    expect(cellWords({ ...o, col: 0, value: 0.71, masked: false })).toBe('„б“ (2) → „а“ (1): 0,71');
    expect(cellWords({ ...o, row: 0, col: 1, value: 0, masked: true })).toBe('„а“ (1) → „б“ (2): закрыто маской');
    expect(cellWords({ ...o, col: 0, value: 0.71, masked: false, first: 0 })).toBe('„б“ (1) → „а“ (0): 0,71'); // as the strip of tokens counts
  });
  it('names heads and factors by themselves: no place beside a number that is one', () => {
    const heads = ['0.0', '0.1'];
    expect(cellWords({ rows: heads, cols: heads, row: 0, col: 1, value: -0.13, kind: 'signed', masked: false })).toBe('0.0 → 0.1: −0,13');
    const twice = ['1', '1']; // but the same digit twice in a string needs its place
    expect(cellWords({ rows: twice, cols: twice, row: 0, col: 1, value: 1, kind: 'probability', masked: false })).toBe('„1“ (1) → „1“ (2): 1,00');
  });
  it('spends the width of a small cell on decimals that tell', () => {
    expect(cellText(0.97, { kind: 'probability', hi: 1 }, 28)).toBe('.97');
    expect([-0.13, 0.02, 0].map((v) => cellText(v, { kind: 'signed', hi: 0.15 }, 30))).toEqual(['−.13', '.02', '.00']);
    expect(cellText(-12.34, { kind: 'score', hi: 20 }, 30)).toBe('−12.3');
    expect(cellText(-0.13, { kind: 'signed', hi: 0.15 }, 40)).toBe('−0.13');
  });
  it('moves by keys and stays inside', () => {
    const at = { row: 0, col: 0 };
    expect(moveInGrid('ArrowUp', false, at, 3, 3)).toEqual({ row: 0, col: 0 });
    expect(moveInGrid('ArrowRight', false, at, 3, 3)).toEqual({ row: 0, col: 1 });
    expect(moveInGrid('End', true, at, 3, 4)).toEqual({ row: 2, col: 3 });
    expect(moveInGrid('a', false, at, 3, 3)).toBeNull();
  });
  it('exports masked cells empty', () => {
    expect(matrixRows({ data: [1, 0, 0.5, 0.5], rows: ['а', 'б'], cols: ['а', 'б'], masked: (r, c) => c > r })).toEqual([['', 'а', 'б'], ['а', 1, ''], ['б', 0.5, 0.5]]);
    expect(csv([['а,б', 1], ['"', 2]])).toBe('﻿"а,б",1\r\n"""",2\r\n');
  });
});

describe('plots', () => {
  it('inverts what it maps, linear and logarithmic', () => {
    for (const log of [false, true]) {
      const a = axis({ lo: 0.01, hi: 100, log, from: 40, to: 600 });
      for (const v of [0.01, 0.5, 7, 100]) expect(a.invert(a.at(v))).toBeCloseTo(v, 9);
      for (const t of a.ticks) expect(t >= 0.01 && t <= 100).toBe(true);
    }
    expect(logTicks(1e-4, 1, 5)).toEqual([1e-4, 1e-3, 1e-2, 0.1, 1]);
    expect(logTicks(1, 50, 5)).toEqual([1, 2, 5, 10, 20, 50]);
    expect(logTicks(8, 256, 7)).toEqual([10, 20, 50, 100, 200]); // not two ticks for five octaves
    expect(logTicks(32, 131072, 7)).toEqual([100, 1000, 1e4, 1e5]);
    expect([0.5, 1000, 1e4, 1e5, 1e6, 2e5].map(tickText)).toEqual(['0.5', '1000', '10\u00a0000', '10⁵', '10⁶', '200\u00a0000']);
  });
  it('names what pale lines mean, once for a family', () => {
    const lines = ['по громкости', 'зерно 1', 'наугад', 'зерно 2', 'зерно 11'].map((label) => ({ label }));
    expect(keyOf(lines).map((k) => k.words)).toEqual(['по громкости', 'зерно 1, 2, 11', 'наугад']);
    expect(keyOf(['16 ключей', '256 ключей'].map((label) => ({ label }))).map((k) => k.words)).toEqual(['16 ключей', '256 ключей']);
    expect(keyOf([{ label: 'пара 0' }, { label: 'пара 1' }]).map((k) => k.words)).toEqual(['пара 0', 'пара 1']);
  });
  it('gives 36 lines 36 looks', () => {
    expect(new Set(Array.from({ length: 36 }, (_, i) => lineColour(i) + lineDash(i))).size).toBe(36);
  });
  it('lifts the pen at gaps', () => {
    const a = axis({ lo: 0, hi: 3, from: 0, to: 3 });
    expect(path([[0, 0], [1, NaN], [2, 2], [3, 3]], a, a)).toBe('M0 0M2 2l1 1');
  });
  it('reads the nearest point, and the last one known at a step', () => {
    const points = [[0, 1], [10, 2], [20, 3]] as const;
    expect(nearest(points, 14)).toEqual([10, 2]);
    expect(valueAt(points, 19)).toBe(2);
    expect(valueAt(points, -1)).toBeNull();
    expect(nearest([], 1)).toBeNull();
  });
  it('covers the data with its range', () => {
    expect(range([3, NaN, -1, Infinity])).toEqual([-1, 3]);
    expect(range([2])).toEqual([1.5, 2.5]);
    const [lo, hi] = niceRange([0.13, 3.49]);
    expect(lo <= 0.13 && hi >= 3.49).toBe(true);
    expect(niceRange([0.003, 2], true)).toEqual([0.001, 10]);
  });
  it('moves labels apart without leaving the plot or changing their order', () => {
    const next = mulberry(3);
    for (let k = 0; k < 300; k += 1) {
      const wanted = Array.from({ length: 1 + Math.floor(next() * 8) }, () => 20 + 160 * next());
      const placed = dodge(wanted, 15, 10, 190);
      const order = wanted.map((_, i) => i).sort((a, b) => (wanted[a] as number) - (wanted[b] as number));
      order.slice(1).forEach((i, n) => expect((placed[i] as number) - (placed[order[n] as number] as number)).toBeGreaterThanOrEqual(15 - 1e-9));
      for (const y of placed) expect(y <= 190 + 1e-9).toBe(true);
    }
  });
  it('stacks milestone labels that would overlap', () => {
    expect(stack([100, 120, 400], [80, 80, 80], 420)).toEqual([{ row: 0, left: false, at: 104 }, { row: 1, left: false, at: 124 }, { row: 0, left: true, at: 396 }]);
    expect(stack([150], [166], 256)).toEqual([{ row: 0, left: true, at: 162 }]); // not off the edge
  });
});

describe('arcs', () => {
  it('draws what reaches the threshold, strongest last', () => {
    const weights = [1, 0, 0.3, 0.7];
    const drawn = arcs({ weights, tokens: 2, step: 20, threshold: 0.5, maxHeight: 50, base: 60 });
    expect(drawn.map((a) => [a.from, a.to, a.weight])).toEqual([[1, 1, 0.7], [0, 0, 1]]);
    expect(arcs({ weights, tokens: 2, step: 20, threshold: 0.01, query: 1, maxHeight: 50, base: 60 }).every((a) => a.from === 1)).toBe(true);
  });
  it('keeps arcs inside the height and ordered by distance', () => {
    expect(arcHeight(10, 10, 50)).toBe(50);
    expect(arcHeight(2, 10, 50)).toBeLessThan(arcHeight(5, 10, 50));
    expect(arcPath(0, 2, 20, 60, 30)).toBe('M10 60C10 20 50 20 50 60');
  });
});

describe('heads', () => {
  const [a, b] = [{ layer: 0, head: 0 }, { layer: 0, head: 1 }];
  it('never leaves none when one must stay', () => {
    expect(toggleHead([a], b, 2, true)).toBeNull();
    expect(toggleHead([a], b, 2, false)).toEqual([a, b]);
    expect(toggleHead([a], a, 2, true)).toEqual([]);
  });
  it('solos, and undoes a solo', () => {
    expect(soloHead([], b, 1, 2)).toEqual([a]);
    expect(soloHead([a], b, 1, 2)).toEqual([]);
  });
});
