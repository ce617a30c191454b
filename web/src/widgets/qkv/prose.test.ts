// The numbers that chapter 4 prints are those that record.ts measured: each is formatted here and looked for in the text.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ru } from '../../kit/fmt';
import { SWAPS } from '../label-swap/model';
import { CEILING, median, type Recorded, type Row } from '../three-or-two/model';
import recording from '../three-or-two/recording.json';
import type { Summary } from '../unseen/model';

const chapter = new URL('../../../../chapters/04-qkv/', import.meta.url);
const text = readFileSync(new URL('index.mdx', chapter), 'utf8').replace(/[\s\u00a0\u202f]+/g, ' ');
const data = <T>(name: string): T => JSON.parse(readFileSync(new URL(`data/${name}.json`, chapter), 'utf8')) as T;
const recorded = recording as unknown as Recorded;
const says = (...words: string[]): void => { for (const w of words) expect(text.includes(w), `the chapter should say «${w}»`).toBe(true); };
const span = (xs: readonly number[], digits: number): string => {
  const [low, high] = [ru(Math.min(...xs), digits), ru(Math.max(...xs), digits)];
  return low === high ? low : `${low}–${high}`;
};

describe('«Чего не видно снаружи»', () => {
  const u = data<{ rows: Summary[]; models: { position: string; biases: { q: number; k: number; v: number } }[] }>('unseen');
  const row = (position: string, change: string): Summary => u.rows.find((r) => r.position === position && r.change === change)!;
  it('what cannot be noticed is not, in float32', () => {
    for (const r of [row('learned', 'gauge'), row('learned', 'turn'), row('rope', 'turn'), row('learned', 'bk')]) expect(Math.max(...r.map)).toBeLessThan(2e-6);
    for (const p of ['learned', 'rope']) for (const c of ['value', 'bv']) expect(Math.max(...row(p, c).map)).toBe(0);
    for (const p of ['learned', 'rope']) expect(Math.max(...row(p, 'value').out)).toBeLessThan(1e-5);
    const tiny = (r: Summary): string => { const [m, e] = Math.max(...r.map).toExponential(1).split('e') as [string, string]; return `до $${m.replace('.0', '').replace('.', '{,}')}\\cdot10^{${e}}$`; };
    says(`| базис Q и K, случайный | ${tiny(row('learned', 'gauge'))} |`, `| базис Q и K, поворот пар | ${tiny(row('learned', 'turn'))} | ${tiny(row('rope', 'turn'))} |`, `| смещение ключа | ${tiny(row('learned', 'bk'))} |`);
  });
  it('what can be, is', () => {
    says(`| ${span(row('rope', 'gauge').map, 2)} | как карта |`, `| только $\\WQ$ | ${span(row('learned', 'alone').map, 2)} | ${span(row('rope', 'alone').map, 2)} |`);
    says(`| ${span(row('rope', 'bk').map, 2)} | как карта |`, `| смещение запроса | ${span(row('learned', 'bq').map, 2)} | ${span(row('rope', 'bq').map, 2)} |`);
    for (const p of ['learned', 'rope']) {
      expect(Math.max(...row(p, 'bv').uneven)).toBeLessThan(8.05e-6);
      expect(Math.min(...row(p, 'bv').out)).toBeGreaterThan(1);
    }
  });
  it('the key bias grows with RoPE only', () => {
    const k = (position: string): number[] => u.models.filter((m) => m.position === position).map((m) => m.biases.k);
    says(`с RoPE его длина ${span(k('rope'), 1)}, без него — ${span(k('learned'), 2)}`);
  });
});

describe('«Три матрицы, две или одна»', () => {
  const rows = data<{ rows: Row[] }>('three-or-two').rows;
  const cells = (task: string, heads = task === 'repeat' ? 4 : 1): string[] => ['separate', 'qk', 'kv', 'all'].map((s) => {
    const r = rows.find((x) => x.task === task && x.sharing === s && x.heads === heads)!;
    return ru(median(r.accuracy), 3);
  });
  it('the table', () => {
    for (const [task, name] of [['cycle', 'круг'], ['swap', 'пары'], ['previous', 'предыдущая буква'], ['neighbour', 'слева без маски'], ['repeat', 'повтор']] as const) says(`| ${name} | ${cells(task).join(' | ')} |`);
  });
  it('one symmetric head stays under the ceiling; more heads get over it', () => {
    const symmetric = (heads: number): number[] => rows.find((x) => x.task === 'cycle' && x.sharing === 'qk' && x.heads === heads)!.accuracy;
    expect(Math.max(...symmetric(1))).toBeLessThan(CEILING + 0.01);
    says(`у двух голов ${span(symmetric(2), 3)}`, `у четырёх — ${span(symmetric(4), 3)}`, `выше ${ru(Math.max(...symmetric(1)), 3)}`);
    expect(symmetric(2).filter((x) => x > CEILING + 1e-3)).toHaveLength(2);
  });
  it('the maps of seed 1', () => {
    const { map: circle, byType } = recorded.rows.find((x) => x.task === 'cycle' && x.sharing === 'qk' && x.heads === 1)!;
    expect(byType!.map((x, i) => (x < 0.95 ? i + 1 : 0)).filter(Boolean)).toEqual([4, 5, 6]);
    says(`больше на себя, ${ru(circle![4 * 8 + 4]!)}, чем на шестой, ${ru(circle![4 * 8 + 5]!)}`);
    const pairs = recorded.rows.find((x) => x.task === 'swap' && x.sharing === 'qk')!.map!;
    says(`поровну, ${ru(pairs[3 * 8 + 3]!)} и ${ru(pairs[3 * 8 + 2]!)}`);
  });
  it('the shape of the scores', () => {
    const symmetry = (task: string): number[] => rows.find((x) => x.task === task && x.sharing === 'separate')!.symmetry;
    says(`на парах ${span(symmetry('swap'), 2)}`, `на круге — от ${ru(Math.min(...symmetry('cycle')), 2)} до ${ru(Math.max(...symmetry('cycle')), 2)}`);
  });
  it('what was refuted', () => {
    const of = (task: string, sharing: string): number[] => rows.find((x) => x.task === task && x.sharing === sharing)!.accuracy;
    expect(of('neighbour', 'qk').filter((x) => x > 0.98)).toHaveLength(2);
    expect(Math.min(...of('swap', 'qk'))).toBe(1);
    const falls = ['cycle', 'swap', 'previous', 'neighbour'].map((t) => median(of(t, 'separate')) - median(of(t, 'kv')));
    says(`не упала больше чем на ${ru(Math.max(...falls), 3)}`, `вместо ${ru(median(of('repeat', 'separate')), 3)} вышло ${span(of('repeat', 'kv'), 3)}`);
    says(`обвалился: ${span(of('repeat', 'qk'), 2)} у пяти зёрен`);
    says(`Пары падают с 1,000 до ${span(of('swap', 'all'), 2)}`);  });
});

describe('«Этикетка и содержимое»', () => {
  interface Tally { a: number; b: number; looksA: number; looksB: number; changed: number }
  const runs = data<{ runs: { tallies: Record<string, Tally> }[] }>('label-swap').runs;
  const of = (swap: string, key: keyof Tally): number[] => runs.map((r) => r.tallies[swap]![key]);
  it('values and keys give one answer, both give the old one', () => {
    expect(of('v', 'b')).toEqual(of('k', 'b'));
    expect(of('kv', 'a')).toEqual(of('none', 'a'));
    expect(Math.max(...of('v', 'changed'))).toBe(0);
    expect(Object.keys(runs[0]!.tallies)).toEqual([...SWAPS]);
    says(`| ничем | ${span(of('none', 'looksA'), 3)} | ${span(of('none', 'a'), 3)} | ${span(of('none', 'b'), 3)} |`, `| значениями | ${span(of('v', 'looksA'), 3)} | ${span(of('v', 'a'), 3)} | ${span(of('v', 'b'), 3)} |`);
    says(`| ключами | ${span(of('k', 'looksA'), 3)} | ${span(of('k', 'a'), 3)} | ${span(of('k', 'b'), 3)} |`, `| тем и другим | ${span(of('kv', 'looksA'), 3)} | ${span(of('kv', 'a'), 3)} | ${span(of('kv', 'b'), 3)} |`);
  });
});
