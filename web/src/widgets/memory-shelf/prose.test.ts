// The numbers that chapter 17 prints are those that its recordings hold: each is formatted here and looked for in the text.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { int, ru } from '../../kit/fmt';
import { median } from '../../lib/statistics';
import type { Recorded as Noise } from '../feature-noise/model';
import noiseJson from '../feature-noise/recording.json';
import { COSINES } from '../feature-noise/model';
import { endOf, type Recorded as Race } from '../recall-race/model';
import raceJson from '../recall-race/recording.json';
import { records, type Recorded as Tiles } from '../tiles/model';
import tilesJson from '../tiles/recording.json';
import { at, of, type Case, type Kind, type Recorded } from './model';
import json from './recording.json';

const plain = (s: string): string => s.replace(/\$|\{,\}/g, (x) => (x === '{,}' ? ',' : '')).replace(/−/g, '-').replace(/[\s\u00a0\u202f]+/g, ' ');
const text = plain(readFileSync(new URL('../../../../chapters/17-alternatives/index.mdx', import.meta.url), 'utf8'));
const says = (...words: string[]): void => { for (const w of words) expect(text.includes(plain(w)), `the chapter should say «${w}»`).toBe(true); };
const span = (xs: number[], digits = 2): string => (ru(Math.min(...xs), digits) === ru(Math.max(...xs), digits) ? ru(xs[0]!, digits) : `${ru(Math.min(...xs), digits)}–${ru(Math.max(...xs), digits)}`);

describe('the shelf', () => {
  const recorded = json as unknown as Recorded;
  const shares = (name: Case, kind: Kind, keys: number): number[] => of(recorded, name).map((f) => at(f, kind, keys));
  const row = (label: string, name: Case, keys: number): void => says(`| ${label} | ${(['additive', 'delta', 'softmax'] as const).map((k) => span(shares(name, k, keys))).join(' | ')} |`);
  it('rows', () => {
    row('16 ключей', 'unique', 16);
    row('64 ключа', 'unique', 64);
    row('256 ключей', 'unique', 256);
    row('16 ключей, каждый записан четырежды', 'again', 16);
    row('8 похожих ключей', 'alike', 8);
    row('32 похожих ключа', 'alike', 32);
  });
  it('remedies', () => {
    says(`впереди и на восьми (${span(shares('gentle', 'delta', 8))})`, `${span(shares('unique', 'recent', 64))} на 64 уникальных ключах`);
    for (const [i, f] of of(recorded, 'gentle').entries()) expect(at(f, 'delta', 8)).toBeGreaterThan(at(of(recorded, 'alike')[i]!, 'additive', 8));
    const ahead = (keys: number): number => of(recorded, 'alike').filter((f) => at(f, 'delta', keys) > at(f, 'additive', keys)).length;
    expect([8, 16, 32, 64, 128, 256].map(ahead)).toEqual([0, 4, 5, 5, 5, 5]);
    for (const x of shares('again', 'recent', 16)) expect(x).toBeGreaterThan(0.995);
  });
});

it('the tiles', () => {
  const { worst, means, errors, traffic } = tilesJson as unknown as Tiles;
  says(`наибольшая ошибка 5,1\\cdot10^{-7}`);
  expect(worst.toExponential(1)).toBe('5.1e-7');
  says('у плиток в 4 ключа она та же, что у единственной плитки в 256', 'пересчётов у него ровно n-1 при всех размерах');
  for (const e of errors) {
    expect(e.worst.toExponential(1)).toBe('5.1e-7');
    expect(e.rising).toBe(256 / e.keys - 1);
  }
  for (const [keys, word] of [[4, '4 ключа'], [16, '16 ключей'], [64, '64']] as const) {
    const mean = ru(means.find((m) => m.keys === keys)!.mean, 2), want = ru(records(256 / keys), 2);
    says(keys === 4 ? `в 4 ключа — ${mean} (ожидалось ${want})` : `в ${word} — ${mean} (${want})`);
  }
  const by = (queries: number) => traffic.find((t) => t.queries === queries)!;
  says(`чисел перевезено ${int(by(4).traffic)}`, `записать карту целиком (${int(by(4).untiled)})`, `при 64 — ${int(by(64).traffic)}`);
  expect(by(4).traffic / by(4).untiled).toBeGreaterThan(3);
});

it('the features', () => {
  const independent = (noiseJson as unknown as Noise).figures.filter((f) => !f.orthogonal);
  const cells = (kind: number, cosine: (typeof COSINES)[number]) => independent.map((f) => f.cells[kind]![COSINES.indexOf(cosine)]!);
  says(`положительных — ${span(cells(1, -0.9).map((c) => c.measured))} истины, тригонометрических — ${span(cells(0, -0.9).map((c) => c.measured))}`);
  says(`на ${span(cells(0, 0.9).map((c) => c.measured), 3)}, положительные по формуле — на ${ru(cells(1, 0.9)[0]!.theory, 2)}`, `вышло ${span(cells(1, 0.9).map((c) => c.measured))}`);
  const bound = (noiseJson as unknown as Noise).figures.filter((f) => f.orthogonal).map((f) => f.cells[0]!.at(-1)!.measured);
  says(`до ${span(bound, 3)}, а слева`);
  for (const x of bound) for (const c of cells(0, 0.9)) expect(x).toBeLessThan(c.measured / 2);
  for (const c of cells(0, -0.9)) expect(c.negative).toBeGreaterThan(0.38);
});

it('what strange writes leave of a record under the delta rule', () => says(`в среднем оставляют от прежней ${int(100 * (1 - 1 / 32) ** 64)} %`));

describe('the race', () => {
  const race = raceJson as unknown as Race;
  const best = (width: number, memory: Parameters<typeof endOf>[1]): number[] => endOf(race, memory, width).accuracy;
  it('rows', () => {
    for (const width of [2, 4, 8, 16])
      says(`| ${width} | ${(['softmax', 'additive', 'positive', 'decayed', 'delta', 'gated'] as const).map((m) => ru(median(best(width, m)), 2)).join(' | ')} |`);
  });
  it('the refutation did not come', () => {
    for (const m of ['additive', 'positive', 'decayed', 'delta', 'gated'] as const) for (const x of best(4, m)) expect(x).toBeLessThan(0.6);
    for (const x of best(4, 'softmax')) expect(x).toBeGreaterThan(0.99);
    says(`не поднялись выше ${ru(Math.max(...(['additive', 'positive', 'decayed', 'delta', 'gated'] as const).flatMap((m) => best(4, m))), 2)}`);
    for (const width of [4, 8, 16]) for (const m of ['additive', 'decayed', 'delta', 'gated'] as const) expect(Math.min(...best(width, m))).toBeGreaterThan(Math.max(...best(width, 'positive')));
    for (const width of [2, 4, 8]) expect(median(best(width, 'delta'))).toBeLessThan(median(best(width, 'additive')));
    best(16, 'delta').forEach((x, i) => expect(x).toBeGreaterThan(best(16, 'additive')[i]!));
  });
});
