// The numbers that chapter 2 prints are those that were recorded: each is formatted here and looked for in the text.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ru } from '../../kit/fmt';
import { way, WAYS, type Recorded as Ways } from '../instead-of-heads/model';
import waysJson from '../instead-of-heads/recording.json';
import oneMapJson from '../one-map/recording.json';
import { cell, HEADS, median, PLACES, type Recorded } from './model';
import sixJson from './recording.json';

const chapter = new URL('../../../../chapters/02-many-heads/', import.meta.url);
const text = readFileSync(new URL('index.mdx', chapter), 'utf8').replace(/[\s\u00a0\u202f]+/g, ' ');
const says = (...words: string[]): void => { for (const w of words) expect(text.includes(w.replace(/\u00a0/g, ' ')), `the chapter should say «${w}»`).toBe(true); };
const six = sixJson as unknown as Recorded;
const ways = (waysJson as unknown as Ways).ways;
const n = (x: number): string => ru(x, 3);
const span = (xs: number[]): string => `${n(Math.min(...xs))}–${n(Math.max(...xs))}`;
const of = (id: string): { accuracy: number[]; digits: number[][] } => ways.find((w) => w.id === id)!;
const digit = (id: string, j: number): number => median(of(id).digits.map((d) => d[j]!));

describe('«Эмпирика» of chapter 2', () => {
  it('prints the grid', () => {
    const names = { 1: 'из одного', 2: 'из двух', 3: 'из трёх', 6: 'из шести' };
    for (const m of PLACES) says(`| ${names[m]} | ${HEADS.map((h) => (cell(six, m, h) ? n(median(cell(six, m, h)!.accuracy)) : '—')).join(' | ')} |`);
    says(`от ${n(Math.min(...cell(six, 3, 2)!.accuracy))} до ${n(Math.max(...cell(six, 3, 2)!.accuracy))}`);
    says(...[0, 1, 2].map((j) => n(digit('one', j))));
  });

  it('sees two heads at one place wherever six heads do not cover six places', () => {
    const runs = (JSON.parse(readFileSync(new URL('data/grid-6.json', chapter), 'utf8')) as { key: string; whole: number; gaze?: number[][] }[]).filter((r) => r.key === '6:6');
    expect(runs).toHaveLength(5);
    const covered = (gaze: number[][]): number => new Set(gaze.map((row) => row.indexOf(Math.max(...row.slice(1, 7))))).size;
    for (const r of runs) expect(covered(r.gaze!) === 6).toBe(r.whole > 0.99);
    expect(runs.filter((r) => r.whole > 0.99)).toHaveLength(1);
    const a = cell(six, 6, 6)!.accuracy;
    says(`${n(median(a))} в медиане, от ${n(Math.min(...a))} до ${n(Math.max(...a))}`, `доводят точность до ${n(median(cell(six, 6, 12)!.accuracy))}`);
  });

  it('tells permutations from split heads', () => {
    const tidy = six.roles.filter((r) => r.gaze.every((row) => Math.max(...row) > 0.9));
    expect(tidy.map((r) => r.seed)).toEqual([1, 4, 5]);
    const split = six.roles.filter((r) => !tidy.includes(r)).map((r) => r.gaze.find((row) => Math.max(...row) < 0.9)!);
    says(...split.map((row) => `${ru(row[2]!)} и ${ru(row[3]!)}`));
    const lost = tidy.flatMap((r) => r.without.map((row) => Math.min(...row)));
    says(`${ru(Math.min(...lost))}–${ru(Math.max(...lost))}`);
    for (const r of tidy) for (const row of r.without) expect(row.filter((d) => d > 0.99)).toHaveLength(2);
  });

  it('prints the ways', () => {
    for (const w of WAYS) says(`| ${w.title} | ${n(median(of(w.id).accuracy))} | ${span(of(w.id).accuracy)} | ${[0, 1, 2].map((j) => ru(digit(w.id, j))).join(' / ')} |`);
    says(`${n(digit('mlp', 1))} вместо ${n(digit('one', 1))}`, `Втрое больше шагов — ${n(median(of('long').accuracy))}`);
    expect(way('long').steps).toBe(1800);
  });

  it('prints the ceiling', () => {
    const runs = JSON.parse(readFileSync(new URL('data/ceiling.json', chapter), 'utf8')) as { key: string; seed: number; whole: number }[];
    const row = (heads: number): number[][] => [2, 4, 6, 8].map((b) => runs.filter((r) => r.key === `${b}:${heads}`).map((r) => r.whole));
    for (const xs of [...row(1), ...row(2)]) expect(xs).toHaveLength(5);
    says(`| одна голова, медиана | ${row(1).map((xs) => n(median(xs))).join(' | ')} |`, `| размах пяти зёрен | ${row(1).map(span).join(' | ')} |`, `| две головы, медиана | ${row(2).map((xs) => n(median(xs))).join(' | ')} |`);
    const over = row(1).map((xs, i) => xs.map((x) => x - (1 - (2 * i + 1) / (2 * i + 2) ** 2)));
    expect(Math.min(...over.flat())).toBeGreaterThan(0);
    says(`на ${ru(median(over[0]!))} при двоичных цифрах и на ${ru(median(over[3]!))} при восьми`);
    const two = (JSON.parse(readFileSync(new URL('data/grid-2.json', chapter), 'utf8')) as { key: string; digits: number[] }[]).filter((r) => r.key === '2:1');
    says(`с точностью ${ru(median(two.map((r) => r.digits[0]!)))}, вторую — ${ru(median(two.map((r) => r.digits[1]!)))}`);
    says(`| потолок $1-(b-1)/b^2$ | ${[2, 4, 6, 8].map((b) => n(1 - (b - 1) / b ** 2)).join(' | ')} |`);
  });

  it('tells what one map costs', () => {
    const at = (layer: number, choice: number): number[] => oneMapJson.accuracy.map((a) => a[layer]![choice]!);
    says(`${n(median(at(0, 0)))} (медиана пяти пакетов строк), со средней — ${n(median(at(0, 1)))}`, `${n(median(at(1, 0)))} и ${n(median(at(1, 1)))}`);
    says(`карту одной 0.1, точность ${n(median(at(0, 3)))}`, `не меньше ${n(Math.min(...[2, 3, 4, 5].flatMap((c) => at(1, c))))}`);
    const s = oneMapJson.figure.scores;
    says(`от ${ru(Math.min(...s[1]!.map((h) => h.induction)))} до ${ru(Math.max(...s[1]!.map((h) => h.induction)))}`, `голова 0.1 отдаёт предыдущей букве ${ru(s[0]![1]!.previous)}`);
  });
});
