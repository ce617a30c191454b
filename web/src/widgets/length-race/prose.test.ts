// The numbers that chapter 13 prints are those that its widgets recorded: each is formatted here and looked for in the text.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ru } from '../../kit/fmt';
import { median } from '../../lib/statistics.ts';
import back from '../one-step-back/recording.json';
import * as step from '../one-step-back/model';
import dial from '../rope-dial/recording.json';
import * as rope from '../rope-dial/model';
import race from './recording.json';
import { curve, NAMES, SEGMENTS, type Recorded, type Row } from './model';

const text = readFileSync(new URL('../../../../chapters/13-positions/index.mdx', import.meta.url), 'utf8').replace(/[\s\u00a0\u202f]+/g, ' ');
const says = (...words: string[]): void => { for (const w of words) expect(text.includes(w.replace(/\u00a0/g, ' ')), `the chapter should say «${w}»`).toBe(true); };
const three = (x: number): string => ru(x, 3);

describe('«Дальше обученной длины»', () => {
  const r = race as unknown as Recorded;
  const row = (scheme: string): Row => r.rows.find((x) => x.scheme === scheme)!;
  it('prints the table', () => {
    for (const x of r.rows) {
      const at = new Map(curve(x, 'segments'));
      says(`| ${NAMES[x.scheme]} | ${[16, 24, 32, 48, 64].map((n) => three(at.get(n)!)).join(' | ')} | ${three(curve(x, 'texts').at(-1)![1])} |`);
    }
  });
  it('prints the step', () => {
    const { places } = row('learned');
    expect(Math.min(...places.slice(0, 16))).toBeGreaterThanOrEqual(0.997);
    expect(Math.round(100 * places[16]!)).toBe(17);
    expect(Math.round(100 * Math.max(...places.slice(17)))).toBe(5);
    says('с места 16 верны 17 % ответов', 'не больше 5 %');
    expect(Math.round(100 * (1 - curve(row('rope'), 'texts').at(-1)![1]))).toBe(9);
  });
  it('counts the seeds at which T5 is above RoPE, and the first answer of ALiBi', () => {
    const wins = (n: number): number => row('t5').segments.filter((x, k) => x[SEGMENTS.indexOf(n as 48)]! > row('rope').segments[k]![SEGMENTS.indexOf(n as 48)]!).length;
    expect([48, 64].map(wins)).toEqual([4, 4]);
    says('на четырёх зёрнах из пяти');
    const [first, ...others] = row('alibi').places;
    says(`на первом же повторённом токене верны ${Math.round(100 * first!)} % ответов, на остальных — не меньше ${Math.round(100 * Math.min(...others))} %`);
    for (const s of ['t5', 'rope', 'learned', 'sinusoidal']) expect(new Map(curve(row(s), 'segments')).get(16)).toBeGreaterThanOrEqual(0.999);
  });
});

describe('«Один шаг назад»', () => {
  const r = back as unknown as step.Recorded;
  const two = (low: number, high: number): string => (ru(low, 2) === ru(high, 2) ? ru(low, 2) : `${ru(low, 2)}–${ru(high, 2)}`);
  const cell = (x: step.Row): string => {
    const looked = x.previous.map((p) => Math.max(...p));
    return `${three(median(x.accuracy))} (${three(Math.min(...x.accuracy))}–${three(Math.max(...x.accuracy))}) | ${two(Math.min(...looked), Math.max(...looked))}`;
  };
  it('prints the ceilings', () => says(`потолка мешка, ${three(r.bound.past)}`, `без маски — ${three(r.bound.text)}`, `это ${three(r.bound.past)}`));
  it('prints the table', () => {
    for (const scheme of step.SCHEMES) {
      const [one, both] = [1, 2].map((layers) => r.rows.find((x) => x.scheme === scheme && x.layers === layers)!);
      const name = scheme === 'unmasked' ? 'без кодирования и без маски' : step.NAMES[scheme];
      says(`| ${name} | ${cell(one!)} | ${cell(both!)} |`);
    }
  });
  it('compares the head of ALiBi with its kernel', () => {
    const rows = Array.from({ length: 31 }, (_, i) => i + 1);
    const kernel = rows.reduce((sum, t) => sum + Math.exp(-0.25) / Array.from({ length: t + 1 }, (_, s) => Math.exp(-0.25 * s)).reduce((a, b) => a + b, 0), 0) / 31;
    says(`отдал бы ему ${ru(kernel, 2)}`);
    expect(ru(rows.reduce((sum, t) => sum + 1 / (t + 1), 0) / 31, 2)).toBe('0,10');
  });
});

describe('«Растянуть RoPE»', () => {
  const r = dial as unknown as rope.Recorded;
  const mid = (row: rope.Row, n: number): string => three(median(rope.at(row, n)));
  it('prints the table', () => {
    for (const row of r.rows) {
      if (row.kept === 4 || row.kept === 6 || row.loud !== undefined) continue;
      const name = row.kept < rope.PAIRS ? `вращаются ${row.kept} из 8` : rope.nameOf(row);
      says(`| ${name} | ${[8, 32, 48, 64].map((n) => mid(row, n)).join(' | ')} | ${ru(median(row.readings.map((x) => x.previous)), 2)} |`);
    }
  });
  it('takes YaRN apart', () => {
    const of = (loud: boolean): string => mid(r.rows.find((x) => x.loud === loud)!, 64);
    says(`одни частоты дают ${of(false)}, одна громкость — ${of(true)}, меньше, чем ничего (${mid(r.rows[0]!, 64)})`);
    const at64 = (row: rope.Row): number[] => rope.at(row, 64);
    const whole = at64(rope.find(r, { extension: 'yarn', factor: 4, kept: rope.PAIRS })!);
    const adds = at64(r.rows.find((x) => x.loud === false)!).map((x, k) => whole[k]! - x);
    says(`громкость добавляет ${three(Math.min(...adds))}–${three(Math.max(...adds))} на каждом зерне`);
    at64(r.rows.find((x) => x.loud === true)!).forEach((x, k) => expect(x).toBeLessThan(at64(r.rows[0]!)[k]!));
  });
  it('prints what tuning does', () => {
    const tuned = (e: rope.Extension): rope.Tuned => r.tuned.find((t) => t.extension === e)!;
    const end = (e: rope.Extension, n: number): string => three(median(tuned(e).end.map((x) => x[rope.SEGMENTS.indexOf(n as 8)]!)));
    for (const e of rope.EXTENSIONS) says(`| ${rope.nameOf({ extension: e, factor: 2, kept: rope.PAIRS })} | ${three(median(tuned(e).curve.map((c) => c[0]!)))} | ${three(median(tuned(e).curve.map((c) => c[3]!)))} | ${end(e, 32)} | ${end(e, 8)} | ${end(e, 64)} |`);
  });
});
