// The numbers that chapter 18 prints are those that its recordings hold: each is formatted here and looked for in the text.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ru } from '../../kit/fmt';
import { median } from '../../lib/statistics';
import { SPREADS, type Figure, type Shares } from './model';
import { DEPTHS, last, type Figure as Thermometer, type Part, type Place, type Run } from '../norm-place/model';

const chapter = new URL('../../../../chapters/18-training/', import.meta.url);
const plain = (s: string): string => s.replace(/\$|\{,\}|\*/g, (x) => (x === '{,}' ? ',' : '')).replace(/[\s\u00a0\u202f]+/g, ' ');
const text = plain(readFileSync(new URL('index.mdx', chapter), 'utf8'));
const data = <T>(name: string): T => JSON.parse(readFileSync(new URL(`data/${name}.json`, chapter), 'utf8')) as T;
const says = (...words: string[]): void => { for (const w of words) expect(text.includes(plain(w)), `the chapter should say «${w}»`).toBe(true); };
const span = (xs: number[], digits = 2, dash = '–'): string => `${ru(Math.min(...xs), digits)}${dash}${ru(Math.max(...xs), digits)}`;

describe('the lottery', () => {
  const { figures } = data<{ figures: Figure[] }>('lottery');
  const at = (keys: number, d: number, scale: 'plain' | 'scaled', key: keyof Omit<Shares, 'held'>): number[] =>
    figures.filter((f) => f.keys === keys).map((f) => f.widths.find((w) => w.d === d)![scale][key]);
  const percent = (xs: number[], digits = 0): string => span(xs.map((x) => 100 * x), digits);
  it('is what the text says of 64 keys', () => {
    says(`${span(at(64, 256, 'plain', 'rms'))} против ${span(at(64, 256, 'scaled', 'rms'), 3)}`);
    says(`медиана не меньше: ${span(at(64, 256, 'plain', 'median'))} против ${ru(median(at(64, 256, 'scaled', 'median')))}`);
    says(`до ${span(at(64, 256, 'plain', 'scoreMedian'))}, но`, `${span(at(64, 256, 'plain', 'scoreRms'))} против ${ru(median(at(64, 256, 'scaled', 'scoreRms')))}`);
    says(`держит ${percent(at(64, 256, 'plain', 'tenth'))} % суммы квадратов (с делением ${percent(at(64, 256, 'scaled', 'tenth'))} %)`);
    says(`тихая половина — ${percent(at(64, 256, 'plain', 'half'), 2)} %`);
    expect(at(64, 256, 'scaled', 'half').every((x) => Math.round(100 * x) === 30)).toBe(true);
    const ratio = at(64, 256, 'plain', 'rms').map((x, i) => x / at(64, 256, 'scaled', 'rms')[i]!);
    expect(Math.min(...ratio)).toBeGreaterThan(17.5);
    expect(Math.max(...ratio)).toBeLessThan(20.5);
  });
  it('confirms the expectation for sixteen keys alone, and the scale hides the width', () => {
    says(`${span(at(16, 256, 'plain', 'median'))} против ${span(at(16, 256, 'scaled', 'median'))}`);
    const rms = [4, 16, 64, 256].flatMap((d) => at(64, d, 'scaled', 'rms'));
    says(`остаётся в пределах ${span(rms)}`);
  });
  it('is as the derivation says', () => {
    const promised = Math.sqrt((2.343732 * 16) / 3);
    says(`=${ru(promised)}`);
    for (const rms of at(64, 256, 'plain', 'rms')) expect(Math.abs(rms / promised - 1)).toBeLessThan(0.08);
  });
  it('prints the table of what softmax lets back', () => {
    for (const keys of [16, 64, 256])
      says(`| ${keys} | ${[0.5, 1, 2, 4, 8, 16].map((s) => ru(median(figures.filter((f) => f.keys === keys).map((f) => f.passes[SPREADS.indexOf(s as 1)]!)))).join(' | ')} |`);
  });
});

describe('the thermometer', () => {
  const { figures } = data<{ figures: Thermometer[] }>('thermometer');
  const of = (layers: number, place: Place, part: Part): number[][] => figures.filter((f) => f.layers === layers).map((f) => f[place][part]);
  const lasts = (layers: number, place: Place): string => span(of(layers, place, 'ffn').map(last));
  it('of the feed-forward block', () => {
    says(`${lasts(2, 'pre')} при двух слоях, ${lasts(6, 'pre')} при шести, ${lasts(12, 'pre')} при двенадцати, ${lasts(24, 'pre')} при двадцати четырёх`);
    says(`слышит ${lasts(2, 'post')}, ${lasts(6, 'post')}, ${lasts(12, 'post')} и ${lasts(24, 'post')}`);
    says(`слышит ${span(DEPTHS.flatMap((l) => of(l, 'pre', 'ffn').map((x) => x[0]!)))}.`);
  });
  it('of values beside queries', () => {
    const ratio = (layers: number, place: Place): number[] => of(layers, place, 'vo').map((vo, i) => Math.hypot(...vo) / Math.hypot(...of(layers, place, 'qk')[i]!));
    says(`в ${span(ratio(12, 'pre'), 1)} раза при двенадцати слоях и в ${span(ratio(24, 'pre'), 1)} при двадцати четырёх`, `в ${span(ratio(12, 'post'), 0)} и в`);
    expect(ratio(24, 'post').map((x) => Math.round(x / 10) * 10).sort((a, b) => a - b)).toEqual(expect.arrayContaining([170, 260]));
    expect(Math.min(...ratio(24, 'post'))).toBeGreaterThan(165);
    expect(Math.max(...ratio(24, 'post'))).toBeLessThan(265);
    for (const layers of [12, 24]) { // «расходятся в три-четыре раза»
      const xs = of(layers, 'post', 'ffn').map(last);
      expect([3, 4]).toContain(Math.round(Math.max(...xs) / Math.min(...xs)));
    }
  });
});

it('the table of depths', () => {
  const { runs } = JSON.parse(readFileSync(new URL('../norm-place/recording.json', import.meta.url), 'utf8')) as { runs: Run[] };
  const said = (layers: number, place: Place, warm: boolean, rate: number): string => {
    const { loss } = runs.find((r) => r.layers === layers && r.place === place && r.warm === warm && r.rate === rate)!;
    return `${ru(median(loss))} (${span(loss)})`;
  };
  for (const layers of [2, 6, 12])
    for (const rate of [0.002, 0.008])
      says(`| ${layers} | ${String(rate).replace('.', ',')} | ${said(layers, 'pre', false, rate)} | ${said(layers, 'pre', true, rate)} | ${said(layers, 'post', false, rate)} | ${said(layers, 'post', true, rate)} |`);
  // Twelve layers, post-norm, 0.002: warm-up helps every seed, and one of them to nine answers of ten.
  const deep = (warm: boolean): Run => runs.find((r) => r.layers === 12 && r.place === 'post' && r.warm === warm && r.rate === 0.002)!;
  deep(true).loss.forEach((x, k) => expect(x).toBeLessThan(deep(false).loss[k]!));
  expect(deep(true).accuracy.filter((a) => a >= 0.9)).toHaveLength(1);
  for (const r of runs) if (r.place === 'pre') expect(Math.min(...r.accuracy)).toBeGreaterThan(0.9);
});
