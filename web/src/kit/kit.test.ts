import { describe, expect, it } from 'vitest';
import { mulberry } from '../lib/random';
import { delta, fixed, int as integer, percent, plural, probability, ru, short } from './fmt';
import { latest } from './latest';
import { decode, encode, encodeText, explainEncoding } from './letters';
import { divergence, FLOOR, remembered, setShare, uniform, verdict } from './predict';
import { findRegion, sourceText } from './source';
import { stamp } from './stamp';

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

describe('predictions', () => {
  it('take from storage a distribution of theirs and nothing else', () => {
    expect(remembered('[0.25,0.75]', 2)).toEqual([0.25, 0.75]);
    for (const text of [null, '', 'no json', '{}', '[0.25,0.75]]', '[1]', '[0.5,null]', '[2,-1]', '[0.1,0.1]', '[1e999,0]']) expect(remembered(text, 2)).toBeNull();
  });
  it('always sum to one', () => {
    const next = mulberry(4);
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
