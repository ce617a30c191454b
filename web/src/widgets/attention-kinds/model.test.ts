import { expect, it } from 'vitest';
import { at, of, type Recorded as Shelf } from '../memory-shelf/model';
import shelf from '../memory-shelf/recording.json';
import { at as parity, type Recorded as Sign } from '../one-sign/model';
import sign from '../one-sign/recording.json';
import { readFileSync } from 'node:fs';
import { ru } from '../../kit/fmt';
import { COLUMNS, crossing, FIXED, KINDS, table, within, type Kind } from './model';

const kind = (id: string): Kind => KINDS.find((k) => k.id === id)!;
const size = { N: 8192, d: 128, h: 32 };

it('counts the pairs that a window leaves', () => {
  for (const [N, w] of [[5, 3], [4, 9], [7, 7]] as const) {
    let sum = 0;
    for (let t = 0; t < N; t += 1) sum += Math.min(t + 1, w);
    expect(within(N, w)).toBe(sum);
  }
});

it('a token costs what the last row of the whole costs', () => {
  for (const id of ['full', 'window', 'linear', 'delta', 'ssm', 'gqa']) {
    const { train, decode } = kind(id);
    const step = train({ ...size, N: 8193 }) - train(size);
    expect(Math.abs(step / decode!(size) - 1)).toBeLessThan(0.01);
  }
});

it('what the text says of the sizes', () => {
  expect(KINDS).toHaveLength(19);
  expect(kind('full').memory!(size) / 1e6).toBeCloseTo(67, 0);
  expect(kind('linear').memory!(size) / 1e6).toBeCloseTo(0.53, 2);
  expect(kind('mla').memory!(size) / 1e6).toBeCloseTo(4.7, 1);
  expect(kind('mla').decode!(size) / kind('full').decode!(size)).toBe(4.25);
  expect(kind('window').decode!(size)).toBe(kind('linear').decode!(size));
  expect(crossing('linear', 'full', { d: 128, h: 32 })).toBe(256);
  expect(crossing('mla', 'full', { d: 128, h: 32 })).toBeNull();
});

it('filters and sorts, what does not apply last', () => {
  expect(table(size, 'kernel', 'given').every((r) => r.kind.family === 'kernel')).toBe(true);
  const sorted = table(size, 'all', 'memory').map((r) => r.memory ?? Infinity);
  expect(sorted).toEqual([...sorted].sort((a, b) => a - b));
});

it('shows as measured only what the recordings of the chapters hold', () => {
  const s = shelf as unknown as Shelf;
  const span = (xs: number[]): string => (ru(Math.min(...xs)) === ru(Math.max(...xs)) ? ru(xs[0]!) : `${ru(Math.min(...xs))}–${ru(Math.max(...xs))}`);
  const share = (memory: 'softmax' | 'additive' | 'delta'): [string, string] => [span(of(s, 'unique').map((f) => at(f, memory, 256))), span(of(s, 'again').map((f) => at(f, memory, 16)))];
  expect(kind('full').measured!.text).toBe(`256 ключей: ${share('softmax')[0]}; 16 ключей по 4 раза: ${share('softmax')[1]}`);
  expect(kind('linear').measured!.text).toBe(`сумма, d = 32, 256 ключей: ${share('additive')[0]}; 16 по 4 раза: ${share('additive')[1]}`);
  expect(kind('delta').measured!.text).toBe(`d = 32, 256 ключей: ${share('delta')[0]}; 16 по 4 раза: ${share('delta')[1]}`);
  expect(kind('ssm').measured!.text).toContain(span(parity(sign as unknown as Sign, 'positive', 16)));
  // Chapters 3 and 17 print these, and their own tests tie them to what was measured.
  const says = (chapter: string, text: string): void => expect(readFileSync(new URL(`../../../../chapters/${chapter}/index.mdx`, import.meta.url), 'utf8')).toContain(text);
  says('17-alternatives', String.raw`наибольшая ошибка $5{,}1\cdot10^{-7}$`);
  says('03-head-count', '| точность, медиана | 0,854 | 0,848 | 0,805 | 0,272 |');
  expect(kind('gqa').measured!.text).toContain('наборов 8 — 0,85, один — 0,27');
});

it('the formulas printed are those that are computed', () => {
  const big = { N: 2 ** 24, d: 64, h: 16 };
  const letters: Record<string, number> = { N: big.N, d: big.d, h: big.h, w: FIXED.window, g: FIXED.shared, k: FIXED.selected, i: FIXED.indexer, r: FIXED.retrieved, m: FIXED.features, s: FIXED.state };
  const term = (t: string): number => {
    const [, factor, product, divisor] = /^([\d,]*)([A-Za-z²]+)(?:\/(\d+))?$/.exec(t)!;
    let value = Number((factor || '1').replace(',', '.')) / Number(divisor ?? 1);
    for (const [, letter, square] of product!.matchAll(/([A-Za-z])(²?)/g)) value *= letters[letter!]! ** (square ? 2 : 1);
    return value;
  };
  for (const k of KINDS)
    COLUMNS.forEach((c, n) => {
      const exact = k[c]?.(big), printed = k.formula[n]!;
      expect(printed === '', `${k.id} ${c}`).toBe(exact === undefined);
      if (exact !== undefined) expect(Math.abs(printed.split(' + ').map(term).reduce((a, b) => a + b) / exact - 1), `${k.id} ${c}`).toBeLessThan(2e-4);
    });
});
