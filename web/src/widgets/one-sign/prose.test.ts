// The numbers that chapter 20 prints are those that its recordings hold: each is formatted here and looked for in the text.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ru } from '../../kit/fmt';
import { KINDS, mean, recovery, type Kind, type Recorded as Lesson } from '../reading-lesson/model';
import lessonJson from '../reading-lesson/recording.json';
import { at, MIXERS, of, type Mixer, type Recorded } from './model';
import json from './recording.json';

const plain = (s: string): string => s.replace(/\$|\{,\}/g, (x) => (x === '{,}' ? ',' : '')).replace(/−/g, '-').replace(/[\s\u00a0\u202f]+/g, ' ');
const text = plain(readFileSync(new URL('../../../../chapters/20-after/index.mdx', import.meta.url), 'utf8'));
const says = (...words: string[]): void => { for (const w of words) expect(text.includes(plain(w)), `the chapter should say «${w}»`).toBe(true); };
const span = (xs: number[], digits = 2): string => (ru(Math.min(...xs), digits) === ru(Math.max(...xs), digits) ? ru(xs[0]!, digits) : `${ru(Math.min(...xs), digits)}–${ru(Math.max(...xs), digits)}`);

describe('one sign', () => {
  const recorded = json as unknown as Recorded;
  const rows: Record<Mixer, string> = { positive: 'вентиль от 0 до 1', signed: 'вентиль от −1 до 1', exact: 'знак дан', attention: 'внимание, один слой' };
  it('rows', () => {
    for (const m of MIXERS) says(`| ${rows[m]} | ${[8, 16, 32, 64, 256].map((n) => span(at(recorded, m, n))).join(' | ')} |`);
  });
  it('who found the sign, and how far it carried', () => {
    const found = of(recorded, 'signed').filter((r) => r.flip! < -0.5), lost = of(recorded, 'signed').filter((r) => r.flip! >= -0.5);
    expect([found.length, lost.length]).toEqual([4, 1]);
    says(`единице у неё ${ru(lost[0]!.flip!, 2)}, у остальных от ${ru(Math.max(...found.map((r) => r.flip!)), 2)} до ${ru(Math.min(...found.map((r) => r.flip!)), 2)}`);
    expect(found.every((r) => r.accuracy[1]! === 1)).toBe(true);
    expect(found.filter((r) => r.accuracy[2]! > 0.99)).toHaveLength(3);
    expect(found.filter((r) => r.accuracy[3]! > 0.9)).toHaveLength(1);
    expect(Math.max(...at(recorded, 'signed', 256))).toBeLessThan(0.6);
    expect(Math.max(...at(recorded, 'positive', 16))).toBeLessThan(0.575);
  });
  it('carries as far as its multipliers keep', () => {
    const found = of(recorded, 'signed').filter((r) => r.flip! < -0.5);
    const left = found.map((r) => r.kept!), far = found.map((r) => r.accuracy[2]! + r.accuracy[3]!);
    says(`остаётся ${span(left)}, и`);
    const order = (xs: number[]): number[] => xs.map((_, i) => i).sort((a, b) => xs[a]! - xs[b]!);
    expect(order(left)).toEqual(order(far));
    const fall = Math.max(...left) ** -32;
    expect(fall).toBeGreaterThan(17.5);
    expect(fall).toBeLessThan(18.5);
  });
});

it('the lesson', () => {
  const { figures } = lessonJson as unknown as Lesson;
  const before = (k: Kind): number[] => figures.map((f) => mean(f, k, 96, 128)), after = (k: Kind): number[] => figures.map((f) => mean(f, k, 224, 256));
  const shock = (['additive', 'decayed', 'delta'] as const).flatMap((k) => figures.map((f) => f.errors[KINDS.indexOf(k)]![32]!));
  const back = (k: Kind): (number | null)[] => figures.map((f) => recovery(f, k));
  const tokens = (k: Kind): string => `${Math.min(...back(k).map((x) => x!))}–${Math.max(...back(k).map((x) => x!))}`;
  says(`ошибка суммы ${span(before('additive'))}, дельты — ${span(before('delta'))}`, `молчали, ${span(shock)}`, `за ${tokens('delta')} токена (d/\\beta=32), а к прежним ${span(before('delta'))}`);
  says(`на ${span(after('additive'))}, и вдвое`, `за ${tokens('decayed')} токена`, `до смены, ${span(before('decayed'))}`, `у неё ${span(after('decayed'))}, короткая`, `${span(before('gated'))} до смены и ${span(after('gated'))} после`);
  // The delta rule is back at the very end, four times d / β later; a hundred tokens after the change it answers by the new map.
  const delta = figures.map((f) => f.errors[KINDS.indexOf('delta')]!);
  for (const [i, row] of delta.entries()) {
    expect(row.at(-1)!).toBeLessThan(before('delta')[i]! * 1.02);
    expect(row[32 + 23]!).toBeGreaterThan(before('delta')[i]! * 1.5);
    expect(row[32 + 25]!).toBeLessThan(0.15);
    for (const k of KINDS) if (k !== 'delta') expect(figures[i]!.errors[KINDS.indexOf(k)]![32 + 25]!).toBeGreaterThan(3 * row[32 + 25]!);
  }
  expect(back('additive')).toEqual([null, null, null, null, null]);
});
