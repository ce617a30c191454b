import { describe, expect, it } from 'vitest';
import { arcHeight, arcPath, arcs } from './arcs';
import { bool, fromParams, int, list, MAX_QUERY, num, oneOf, readableQuery, str, toParams, type Schema } from './codecs';
import { contrast, diverging, inkOn, mixOklab, ramp, rampAt, sequential, type Rgb } from './colour';
import { csv } from './export';
import { delta, fixed, int as integer, percent, plural, probability, ru, short } from './fmt';
import { soloHead, toggleHead } from './heads';
import { latest } from './latest';
import { decode, encode, encodeText, explainEncoding } from './letters';
import { assertCovers, cellAt, cellText, cellWords, isMasked, matrixRows, matrixScale, moveInGrid, niceBound, rowWords } from './matrix';
import { axis, dodge, keyOf, lineColour, lineDash, logTicks, nearest, niceRange, path, range, stack, tickText, valueAt } from './plot';
import { divergence, FLOOR, remembered, setShare, uniform, verdict } from './predict';
import { findRegion, sourceText } from './source';
import { stamp } from './stamp';

// Mulberry32: a seeded stream for the property tests.
function stream(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = a;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

describe('state in the URL', () => {
  const schema = {
    text: str('абракадабра', { max: 20 }),
    head: int(0, 0, 7),
    heat: num(1, 0.01, 100),
    masked: bool(true),
    view: oneOf(['map', 'arcs', 'a&b=c'] as const),
    names: list(str('', { max: 6 }), ['x'], 5),
    off: list(int(0, -3, 9), [], 8),
  } satisfies Schema;
  const POOL = Array.from('абвёя xyz,~-%&=#+?/.;:"\'\\<>😀');

  function draw(next: () => number): Record<keyof typeof schema, unknown> {
    const some = (n: number): number => Math.floor(next() * n);
    const word = (n: number): string => Array.from({ length: some(n) }, () => POOL[some(POOL.length)]).join('');
    return {
      text: schema.text.coerce(word(30)),
      head: some(8),
      heat: schema.heat.decode(schema.heat.encode(0.01 + 99 * next())) as number,
      masked: next() < 0.5,
      view: ['map', 'arcs', 'a&b=c'][some(3)],
      names: schema.names.coerce(Array.from({ length: some(4) }, () => word(7))),
      off: Array.from({ length: some(6) }, () => some(13) - 3),
    };
  }

  it('writes half an emoji without falling', () => {
    expect(readableQuery([['w-a.text', 'да\ud83d']])).toBe('w-a.text=да%EF%BF%BD');
  });
  it('comes back equal through the address, 2000 random states', () => {
    const next = stream(1);
    let complete = 0;
    for (let k = 0; k < 2000; k += 1) {
      const state = draw(next);
      const { params, complete: whole } = toParams('w1', schema, state);
      const url = new URL(`http://x/?a=1&${readableQuery(params)}&b=2`);
      const back = { ...Object.fromEntries(Object.entries(schema).map(([n, c]) => [n, c.initial])), ...fromParams('w1', schema, url.searchParams) };
      if (!whole) continue;
      complete += 1;
      expect(back).toEqual(state);
    }
    expect(complete).toBeGreaterThan(1500);
  });

  it('writes only what differs, and at most MAX_QUERY characters', () => {
    expect(toParams('w', schema, { ...Object.fromEntries(Object.entries(schema).map(([n, c]) => [n, c.initial])) }).params).toEqual([]);
    const long = { a: str('', { max: 500 }), b: int(0) };
    const { params, complete } = toParams('w', long, { a: 'я'.repeat(400), b: 5 });
    expect(complete).toBe(false);
    expect(params).toEqual([['w-w.b', '5']]);
    expect(readableQuery(toParams('w', long, { a: 'я'.repeat(280), b: 5 }).params).length).toBeLessThanOrEqual(MAX_QUERY);
  });

  it('keeps Russian letters readable in the link', () => {
    expect(readableQuery([['w-a.text', 'мама мыла']])).toBe('w-a.text=мама%20мыла');
  });

  it('ignores what is unknown or ill-typed', () => {
    const query = new URLSearchParams('w-w1.head=99&w-w1.heat=1e999&w-w1.masked=yes&w-w1.view=dots&w-w1.off=1,x&w-w1.nothing=1&w-other.head=3&w-w1.text=%D0%B0');
    expect(fromParams('w1', schema, query)).toEqual({ text: 'а' });
    for (const bad of ['', 'NaN', '1.5', '0x10', '--1', '9'.repeat(40)]) expect(schema.head.decode(bad)).toBeUndefined();
  });

  it('brings values set by code into range', () => {
    expect(schema.head.coerce(99)).toBe(7);
    expect(schema.head.coerce(NaN)).toBe(0);
    expect(schema.text.coerce('я'.repeat(50))).toHaveLength(20);
    expect(schema.view.coerce('nothing' as 'map')).toBe('map');
  });
});

describe('letters', () => {
  it('is the 32 letters without ё', () => {
    expect(encode('абя')).toEqual([0, 1, 31]);
    expect(decode(encode('съешьжеещёэтих'))).toBe('съешьжеещеэтих');
  });
  it('says what it refused, cut and folded', () => {
    const e = encodeText('Ёж 7q7', 3);
    expect(e.text).toBe('еж');
    expect(e.refused).toEqual([' ', '7', 'q']);
    expect(explainEncoding(e, 3, plural)).toContain('пробел, «7», «q»');
    expect(explainEncoding(encodeText('абвг', 2), 2, plural)).toBe('В строку помещается 2 буквы: отброшено в конце — 2.');
    expect(explainEncoding(encodeText('абв', 5), 5, plural)).toBe('');
  });
});

describe('numbers', () => {
  it('prints a comma in sentences, a point in cells, a true minus, never minus zero', () => {
    expect(ru(-0.5)).toBe('−0,50');
    expect(fixed(-0.001)).toBe('0.00');
    expect(fixed(NaN)).toBe('нет');
    expect(fixed(-Infinity)).toBe('−∞');
    expect(delta(0.123)).toBe('+0,12');
    expect(delta(0.001)).toBe('0,00');
    expect(delta(-2)).toBe('−2,00');
  });
  it('keeps three significant digits at any size', () => {
    expect([0.5, 1234.5, 12, 0.012345, 1e-5, 123456.7, 0].map((x) => short(x))).toEqual(['0.5', '1235', '12', '0.0123', '1e-5', '1.23e5', '0']);
    expect([131072, 16384, -50000].map((x) => short(x))).toEqual(['131\u00a0072', '16\u00a0384', '−50\u00a0000']);
    expect(short(-1.5e-7)).toBe('−1.5e-7');
  });
  it('groups, counts and shortens', () => {
    expect(integer(1234567)).toBe('1\u00a0234\u00a0567');
    expect(percent(0.715, 1)).toBe('71,5\u00a0%');
    expect([1, 2, 5, 11, 21, 112].map((n) => plural(n, ['шаг', 'шага', 'шагов']))).toEqual(['шаг', 'шага', 'шагов', 'шагов', 'шаг', 'шагов']);
    expect([0, 1, 0.999, 0.001, 0.25].map(probability)).toEqual(['0', '1', '1', '<.01', '.25']);
  });
});

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
    const next = stream(2);
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
    const next = stream(3);
    for (let k = 0; k < 300; k += 1) {
      const wanted = Array.from({ length: 1 + Math.floor(next() * 8) }, () => 20 + 160 * next());
      const placed = dodge(wanted, 15, 10, 190);
      const order = wanted.map((_, i) => i).sort((a, b) => (wanted[a] as number) - (wanted[b] as number));
      order.slice(1).forEach((i, n) => expect((placed[i] as number) - (placed[order[n] as number] as number)).toBeGreaterThanOrEqual(15 - 1e-9));
      for (const y of placed) expect(y <= 190 + 1e-9).toBe(true);
    }
  });
  it('stacks milestone labels that would overlap', () => {
    expect(stack([100, 120, 400], [80, 80, 80], 420)).toEqual([{ row: 0, left: false }, { row: 1, left: false }, { row: 0, left: true }]);
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

describe('predictions', () => {
  it('take from storage a distribution of theirs and nothing else', () => {
    expect(remembered('[0.25,0.75]', 2)).toEqual([0.25, 0.75]);
    for (const text of [null, '', 'no json', '{}', '[0.25,0.75]]', '[1]', '[0.5,null]', '[2,-1]', '[0.1,0.1]', '[1e999,0]']) expect(remembered(text, 2)).toBeNull();
  });
  it('always sum to one', () => {
    const next = stream(4);
    let shares = uniform(5);
    for (let k = 0; k < 500; k += 1) {
      shares = setShare(shares, Math.floor(5 * next()), 1.4 * next() - 0.2);
      expect(shares.reduce((s, x) => s + x, 0)).toBeCloseTo(1, 9);
      expect(Math.min(...shares)).toBeGreaterThanOrEqual(0);
    }
    expect(setShare([1, 0, 0], 0, 0)).toEqual([0, 0.5, 0.5]);
  });
  it('measure distance in nats and judge it against the uniform guess', () => {
    expect(divergence([1, 0], [0.5, 0.5])).toBeCloseTo(Math.log(2), 9);
    expect(divergence([0.3, 0.7], [0.3, 0.7])).toBeCloseTo(0, 12);
    expect(divergence([1, 0], [0, 1])).toBeCloseTo(Math.log((1 + FLOOR) / FLOOR), 9);
    expect(verdict([0.9, 0.1], [0.9, 0.1])).toContain('точности');
    expect(verdict([0.9, 0.1], [0.1, 0.9])).toContain('Дальше');
  });
});

describe('requests', () => {
  it('keep one in flight and end on the latest inputs', async () => {
    const seen: number[] = [];
    const results: number[] = [];
    let release: (() => void) | undefined;
    const q = latest<number, number>({
      run: async (n) => {
        seen.push(n);
        await new Promise<void>((r) => (release = r));
        return n;
      },
      done: (r) => results.push(r), failed: () => {}, busy: () => {},
    });
    q.ask(1);
    q.ask(2);
    q.ask(3);
    release?.();
    await new Promise((r) => setTimeout(r));
    release?.();
    await new Promise((r) => setTimeout(r));
    expect(seen).toEqual([1, 3]);
    expect(results).toEqual([1, 3]);
  });
  it('report a failure, and go on', async () => {
    const errors: unknown[] = [];
    const busy: boolean[] = [];
    const q = latest<number, number>({ run: async (n) => { if (n < 0) throw new Error('нет'); return n; }, done: () => {}, failed: (e) => errors.push(e), busy: (b) => busy.push(b) });
    q.ask(-1);
    await new Promise((r) => setTimeout(r));
    q.ask(1);
    await new Promise((r) => setTimeout(r));
    expect(errors).toHaveLength(1);
    expect(busy).toEqual([true, false, true, false]);
  });
  it('say nothing after stop', async () => {
    const results: number[] = [];
    const q = latest<number, number>({ run: async (n) => n, done: (r) => results.push(r), failed: () => {}, busy: () => {} });
    q.ask(1);
    q.stop();
    await new Promise((r) => setTimeout(r));
    expect(results).toEqual([]);
  });
});

describe('source', () => {
  it('finds a region, without markers, indentation and the rest', () => {
    const text = 'a\n  // #region one\n  x;\n    // #region two\n    y;\n    // #endregion\n  // #endregion\nz';
    expect(findRegion(text, 'one')).toEqual({ line: 3, code: 'x;\n  y;' });
    expect(findRegion(text, 'two')).toEqual({ line: 5, code: 'y;' });
    expect(findRegion(text, 'three')).toBeNull();
    expect(findRegion(text, undefined, 3)).toEqual({ line: 3, code: 'x;' });
  });
  it('every figure that names its source shows it: the file is at hand and has the region', async () => {
    const views = import.meta.glob<string>('../widgets/**/*.svelte', { query: '?raw', import: 'default', eager: true });
    const named = Object.entries(views).flatMap(([view, text]) => [...text.matchAll(/source: \{ file: '([^']+)'(?:, region: '([^']+)')? \}/g)].map((m) => ({ view, file: m[1]!, region: m[2] })));
    expect(named.length).toBeGreaterThan(50);
    for (const { view, file, region } of named) {
      const text = await sourceText(file);
      expect(text, `${view}: ${file}`).not.toBeNull();
      expect(region, `${view}: ${file} without a region has no lines to show`).toBeDefined();
      expect(findRegion(text!, region), `${view}: ${file}, ${region}`).not.toBeNull();
    }
  });
});

describe('stamp', () => {
  it('is a valid PNG of the right size with the right pixels', async () => {
    const url = stamp(3, 2, (i) => i / 5);
    const bytes = Uint8Array.from(atob(url.slice('url(data:image/png;base64,'.length, -1)), (c) => c.charCodeAt(0));
    expect([...bytes.slice(1, 4)]).toEqual([0x50, 0x4e, 0x47]);
    const view = new DataView(bytes.buffer);
    expect([view.getUint32(16), view.getUint32(20), bytes[24], bytes[25]]).toEqual([3, 2, 4, 3]);
    const text = String.fromCharCode(...bytes);
    const idat = text.indexOf('IDAT');
    const data = bytes.slice(idat + 4, idat + 4 + view.getUint32(idat - 4));
    const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream('deflate')); // checks Adler-32
    const raw = new Uint8Array(await new Response(stream).arrayBuffer());
    expect([...raw]).toEqual([0, 0x03, 0x60, 0, 0x9c, 0xf0]);
  });
});
