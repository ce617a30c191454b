// The numbers that chapter 15 prints are those that were measured: each is formatted here and looked for in the text.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fixed, percent, ru } from '../../kit/fmt';
import { median } from '../../lib/statistics';
import type { Need } from './model';
import { recorded } from './recorded';

const chapter = new URL('../../../../chapters/15-feed-forward/', import.meta.url);
const plain = (s: string): string => s.replace(/[\s\u00a0\u202f]+/g, ' ');
const text = plain(readFileSync(new URL('index.mdx', chapter), 'utf8'));
const data = (name: string): unknown => JSON.parse(readFileSync(new URL(`data/${name}.json`, chapter), 'utf8'));
const says = (...words: string[]): void => { for (const w of words) expect(text.includes(plain(w)), `the chapter should say «${w}»`).toBe(true); };

interface Tally { count: number; loss: number; cost: number[]; direct: number[] }
type Group = Record<'alone' | 'mean' | 'zero', Record<Need, Tally>> & { spearman: number[] };
const { groups } = data('halves') as { groups: Group[] };
const [ATTENTION, FFN, UPPER] = [[0, 2, 4, 6, 8], [1, 3, 5, 7, 9], [3, 5, 7, 9]];
const sum = (t: Tally, of: number[]): number => of.reduce((s, k) => s + t.cost[k]!, 0);
const middle = (how: 'alone' | 'mean', need: Need, of: number[]): number => median(groups.map((g) => sum(g[how][need], of)));

describe('the figure at rest', () => {
  it('of the FFN columns only that of layer 0 loses nothing, and it costs most when it says its mean', () => {
    const columns = (how: string): number[] => recorded.hows.find((h) => h.how === how)!.cost.map((c) => c.reduce((a, b) => a + b, 0));
    const alone = columns('alone');
    expect(alone[1]!).toBeLessThanOrEqual(0);
    for (const k of UPPER) expect(alone[k]!).toBeGreaterThan(0);
    const mean = columns('mean');
    expect(mean.indexOf(Math.max(...mean))).toBe(1);
  });
});

describe('«Кто знал прошлое»', () => {
  it('prints the table of halves', () => {
    expect(groups).toHaveLength(5);
    const names: Record<Need, string> = { local: 'хватало предыдущего токена', rest: 'ни то ни другое', context: 'решил контекст' };
    for (const need of ['local', 'rest', 'context'] as const)
      says(`| ${names[need]} | ${groups.reduce((s, g) => s + g.alone[need].count, 0)} | ${[middle('alone', need, ATTENTION), middle('alone', need, FFN), middle('mean', need, ATTENTION), middle('mean', need, [1]), middle('mean', need, UPPER)].map((x) => ru(x)).join(' | ')} |`);
  });
  it('refutes the expectation in every group', () => {
    const share = groups.map((g) => sum(g.alone.context, FFN) / sum(g.alone.context, ATTENTION));
    expect(Math.min(...share)).toBeGreaterThan(0.5);
    expect(Math.max(...share)).toBeLessThan(1);
    says(`FFN теряют от ${ru(Math.min(...share))} до ${ru(Math.max(...share))} того, что теряет внимание`);
    // Where the text did not matter, the same costs seven times less or better.
    for (const need of ['local', 'rest'] as const) for (const half of [ATTENTION, FFN]) expect(middle('alone', need, half)).toBeLessThan((1 / 7) * middle('alone', 'context', half));
    // What any damage does to these tokens more than to others.
    says('но лишь втрое');
    for (const need of ['local', 'rest'] as const) expect(Math.round(middle('mean', 'context', UPPER) / middle('mean', need, UPPER))).toBe(3);
  });
  it('finds a dictionary in FFN 0', () => {
    says(`потери вырастут на ${ru(middle('mean', 'context', [1]), 1)} ната`, `${ru(middle('alone', 'context', [1]))}, и столько же внимание слоя 0`);
    for (const g of groups) {
      expect(Math.abs(g.alone.context.cost[0]! - g.alone.context.cost[1]!)).toBeLessThan(0.02);
      const { cost } = g.mean.context;
      expect(cost.indexOf(Math.max(...cost))).toBe(1);
    }
  });
  it('finds the upper rows shut without the text before', () => {
    const shut = (how: 'alone' | 'mean'): string => ru(middle(how, 'context', [5, 7, 9]));
    says(`${shut('alone')} ната против ${shut('mean')}`);
  });
  it('sees direct contributions foretell the loss at the top, not at the bottom', () => {
    const rho = groups[0]!.spearman.map((_, k) => median(groups.map((g) => g.spearman[k]!)));
    says(`${ru(rho[2]!)} у внимания 1, ${ru(rho[8]!)} и ${ru(rho[9]!)} у внимания и FFN слоя 4; FFN 0 с его ${ru(rho[1]!)} из ряда`);
    expect(Math.min(rho[8]!, rho[9]!)).toBeGreaterThan(Math.max(...rho.slice(0, 8)));
  });
});

interface Kept { kept: number; count: number }
interface Layer { agree: number; chance: number; seeds: Kept[][]; composed: { single: number; strongest: number } }
const memory = data('memory') as { tokens: number; tails: number[]; layers: Layer[] };
const kept = (l: number, i: number): number[] => memory.layers[l]!.seeds.map((s) => s[i]!.kept);

describe('«Память со строками»', () => {
  it('prints the ladder of tails', () => {
    says(`${fixed(memory.tokens / 1000, 0)} тыс. токенов`);
    memory.tails.slice(0, 4).forEach((keep, i) => says(`| ${keep} | ${memory.layers.map((_, l) => `${percent(median(kept(l, i)))} (${fixed(100 * Math.min(...kept(l, i)), 0)}–${fixed(100 * Math.max(...kept(l, i)), 0)})`).join(' | ')} |`));
  });
  it('confirms the expectation but for the two upper layers at one token', () => {
    const ladder = (i: number): number[] => memory.layers.map((_, l) => median(kept(l, i)));
    const falls = (x: number[]): void => x.slice(1).forEach((y, i) => expect(y).toBeLessThan(x[i]!));
    falls(ladder(1));
    falls(ladder(2).slice(1)); // layers 0 and 1 keep everything
    expect(ladder(2)[0]).toBe(ladder(2)[1]);
    falls(ladder(0).slice(0, 4));
    expect(ladder(0)[3]!).toBeLessThan(ladder(0)[4]!);
    expect(Math.max(...kept(3, 0))).toBeGreaterThan(Math.min(...kept(4, 0)));
    expect(Math.min(...ladder(3))).toBeGreaterThan(0.95);
  });
  it('names what rows foretell and what a layer is made of', () => {
    const [first, last] = [memory.layers[0]!, memory.layers[4]!];
    says(`у ${percent(first.agree, 1)} строк слоя 0 и ${percent(last.agree, 1)} слоя 4`, `${percent(first.chance, 1)} и там и там`);
    expect(percent(last.chance, 1)).toBe(percent(first.chance, 1));
    for (const l of memory.layers) expect(l.agree).toBeGreaterThan(3 * l.chance);
    says(`в ${percent(first.composed.single)} мест слоя 0 и лишь в ${percent(last.composed.single)} слоя 4`, `в ${percent(first.composed.strongest)} и ${percent(last.composed.strongest)}`);
  });
});
