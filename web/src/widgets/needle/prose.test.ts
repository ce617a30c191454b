// The numbers of chapter 14 about the needle are those that were recorded.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ru } from '../../kit/fmt';
import { DISTANCES, type Gain, type Masked, type Recorded } from './model';
import json from './recording.json';

const r = json as unknown as Recorded;
const text = readFileSync(new URL('../../../../chapters/14-large-models/index.mdx', import.meta.url), 'utf8').replace(/[\s\u00a0\u202f]+/g, ' ');
const says = (...words: string[]): void => { for (const w of words) expect(text.includes(w.replace(/\u00a0/g, ' ')), `the chapter should say «${w}»`).toBe(true); };
const range = (x: readonly number[]): string => `${ru(Math.min(...x), 2)}–${ru(Math.max(...x), 2)}`;
const rest = (key: keyof Masked, of = r.rows): number[] => of.map((x) => x.masked[key].rest);
const best = r.ranked[0]!;
const name = (h: number): string => `${h >> 3}.${h % 8}`;

it('finds nothing literally', () => {
  expect(Math.max(...r.rows.map((x) => x.literal))).toBe(0);
  expect(r.rows.reduce((a, x) => a + x.exact, 0)).toBe(0);
});
it('prints the prompted scores', () => {
  const sorted = [...r.scores].sort((a, b) => b - a);
  says(`у головы ${name(best)} в последнем слое ${ru(sorted[0]!, 2)}, у следующей — ${ru(sorted[1]!, 2)}, у прочих меньше 0,01`);
  expect(sorted[2]).toBeLessThan(0.01);
  const known = [...r.induction].sort((a, b) => b - a);
  expect(r.induction[best]).toBe(known[0]);
  says(`${ru(known[0]!, 2)} на случайных повторах, у остальных не больше ${ru(known[1]!, 3)}`);
});
it('prints what taking heads out does', () => {
  says(`у целой модели игла прибавляет ${range(rest('whole'))} ната`, `без ${name(best)} остаётся ${range(rest('best'))}`, `Без случайной головы — ${range(rest('other'))}`);
  expect(Math.max(...r.rows.map((x) => Math.abs(x.masked.best.prose - x.masked.whole.prose)))).toBeLessThan(0.03);
  const four = r.rows.filter((x) => x.passage < 4);
  const fifth = r.rows.filter((x) => x.passage === 4);
  const lost = four.map((x) => x.masked.whole.rest - x.masked.others.rest);
  says(`отнимают не больше ${ru(Math.max(...lost), 2)} ната`, `на пятом от прибавки остаётся ${range(rest('others', fifth))}`);
  expect(Math.max(...lost)).toBeLessThanOrEqual(0.3);
  expect(Math.min(...lost)).toBeLessThan(0);
});
it('prints the partner', () => {
  expect(r.drawn.map((d) => d.five.includes(r.partner.head))).toEqual([false, false, false, false, true]);
  says(`попала ${name(r.partner.head)}, сильнейшая в модели голова предыдущего токена (${ru(r.partner.score, 2)})`, `Снимем её одну: ${range(r.partner.gains.map((g) => g.rest))} вместо ${range(rest('whole'))}`);
});
it('prints how the gain falls with distance', () => {
  const mean = (d: number, pick: (g: Gain) => number): number => {
    const own = r.rows.filter((x) => x.distance === d);
    return own.reduce((a, x) => a + pick(x.masked.whole), 0) / own.length;
  };
  const far = DISTANCES.at(-1)!;
  says(`с ${ru(mean(0, (g) => g.rest), 2)} без прозы до ${ru(mean(far, (g) => g.rest), 2)} через полтораста токенов`, `тает с ${ru(mean(0, (g) => g.first), 2)} до ${ru(mean(far, (g) => g.first), 2)}`);
});
