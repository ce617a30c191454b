// What chapter 11 says of single heads «на каждом зерне», against all five seeds.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ru } from '../../kit/fmt';
import type { Heads, SeedHeads } from './record-heads';
import json from './heads.json';
import allJson from './recording.json';
import { same, type All } from './rows';

const { runs } = json as unknown as Heads;
const { ends } = allJson as unknown as All;
const text = readFileSync(new URL('../../../../chapters/11-fine-tuning/index.mdx', import.meta.url), 'utf8').replace(/\$|−/g, (x) => (x === '−' ? '-' : '')).replace(/[\s\u00a0\u202f]+/g, ' ');
const says = (words: string): void => expect(text.includes(words), `the chapter should say «${words}»`).toBe(true);
const seeds = (goal: string, matrices: string): SeedHeads[] => runs.find((r) => r.goal === goal && r.matrices === matrices)!.seeds;
const span = (xs: readonly number[], digits = 2): string => `${ru(Math.min(...xs), digits)}–${ru(Math.max(...xs), digits)}`;
const LOW = [0, 1, 2, 3], UP = [4, 5, 6, 7];
/** The head of the lower layer that looks most at the token before, in the base. */
const previous = (s: SeedHeads): number => LOW.reduce((a, h) => (s.before[h]![0]! > s.before[a]![0]! ? h : a));

it('keys, another place: the upper heads look one further, and none of them carries the skill', () => {
  const five = seeds('shift', 'k');
  expect(five.map((s) => s.seed)).toEqual([1, 2, 3, 4, 5]);
  const up = (f: (s: SeedHeads, h: number) => number): number[] => five.flatMap((s) => UP.map((h) => f(s, h)));
  says(`вес на прежнем ответе упал с ${span(up((s, h) => s.before[h]![3]!))} до ${span(up((s, h) => s.after[h]![3]!))}`);
  says(`до ${span(up((s, h) => s.after[h]![4]!))}.`);
  for (const x of up((s, h) => s.before[h]![4]!)) expect(x).toBeLessThan(0.015);
  says(`не даёт ничего, ${span(up((s, h) => s.enough[h]!))},`);
  const tuned = ends.find((e) => same(e, { baseSteps: 700, steps: 400, rate: 0.01, rank: 4, layers: 'both', goal: 'shift', matrices: 'k' }))!.accuracy;
  says(`любая отнимает ${span(five.flatMap((s, i) => UP.map((h) => tuned[i]! - s.needed[h]!)))}:`);
});

it('on every seed the head that carries it is the previous-token head of the base', () => {
  const five = seeds('shift', 'k');
  for (const s of five) expect(s.enough.indexOf(Math.max(...s.enough))).toBe(previous(s));
  says(`Пересаженная одна, она даёт ${span(five.map((s) => s.enough[previous(s)]!))}, остальные нижние — не больше 0,06`);
  for (const s of five) for (const h of LOW) if (h !== previous(s)) expect(s.enough[h]!).toBeLessThan(0.06);
  says(`до ${span(five.map((s) => s.needed[previous(s)]!))}.`);
  const look = (when: 'before' | 'after', place: number): string => span(five.map((s) => s[when][previous(s)]![place]!));
  says(`вес на t-2 у неё ${look('after', 1)}, вес на t-1 упал с ${look('before', 0)} до ${look('after', 0)}`);
});

it('output, another word: maps hardly move, four heads share the work', () => {
  const five = seeds('permute', 'o');
  for (const s of five) for (const h of LOW) expect(s.divergence[h]).toBe(0);
  says(`сдвинулись на ${span(five.flatMap((s) => UP.map((h) => s.divergence[h]!)))} бита`);
  says(`одной верхней головы — от ${span(five.flatMap((s) => UP.map((h) => s.enough[h]!))).replace('–', ' до ')}:`);
  const full = (heads: number[]): number[] => seeds('permute', 'qkvo').map((s) => heads.reduce((sum, h) => sum + s.divergence[h]! / heads.length, 0));
  says(`карты верхнего слоя разошлись лишь на ${span(full(UP))} бита, хотя нижние — на ${span(full(LOW))}`);
});

it('an adapter is narrow, not short', () => {
  const all = (goal: string, matrices: string, layers = [0, 1]): number[] => seeds(goal, matrices).flatMap((s) => layers.flatMap((l) => s.moved[l]!));
  says(`у ключей ранга 4 на новом месте она ${span(all('shift', 'k'), 1)}, у выхода верхнего слоя на новом слове ${span(all('permute', 'o', [1]), 1)}`);
  says(`у полного дообучения ${span([...all('shift', 'qkvo'), ...all('permute', 'qkvo')], 1)}`);
});
