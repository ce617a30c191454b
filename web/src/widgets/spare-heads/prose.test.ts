// What chapter 10 says of the spare heads, against the native record of five seeds.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { delta, percent, ru } from '../../kit/fmt';
import { COUNT, extreme, foretells, HEADS, interaction, names, pairsOf, spare, unpack, type Recorded } from './model';
import json from './recording.json';
import { median } from '../../lib/statistics';

const plain = (s: string): string => s.replace(/\$|\{,\}/g, (x) => (x === '{,}' ? ',' : '')).replace(/−/g, '-').replace(/[\s\u00a0\u202f]+/g, ' ');
const text = plain(readFileSync(new URL('../../../../chapters/10-collapse/index.mdx', import.meta.url), 'utf8'));
const says = (...words: string[]): void => { for (const w of words) expect(text.includes(plain(w)), `the chapter should say «${w}»`).toBe(true); };
const span = (xs: number[], digits = 2, dash = '–'): string => `${ru(Math.min(...xs), digits)}${dash}${ru(Math.max(...xs), digits)}`;
const runs = (json as unknown as Recorded).runs.map(unpack);
const last = runs.flatMap((f) => f.single.slice(HEADS));
const sums = runs.map((f) => f.single.slice(HEADS).reduce((a, b) => a + b, 0));

describe('the layer of induction heads', () => {
  it('lets any one go and not all', () => {
    says(`показатель ${span(runs.flatMap((f) => f.heads.slice(HEADS).map((h) => h.induction)))}`, `без одной теряют ${span(last, 3)} ната, сумма восьми таких потерь ${span(sums)}, а без всего слоя — ${span(runs.map((f) => f.layers[1]!))}`);
    const times = runs.map((f, k) => f.layers[1]! / sums[k]!);
    expect(Math.min(...times)).toBeGreaterThan(8);
    expect(Math.max(...times)).toBeLessThan(31);
  });
  it('looks and writes differently', () => {
    const over = (how: 'js' | 'cka'): number[] => runs.flatMap((f) => pairsOf(1).map(({ i, j }) => f[how][i * COUNT + j]!));
    says(`расхождение пар ${span(over('js'))} бита`, `CKA ${span(over('cka'))}`);
  });
  it('is foretold by what is written, hardly by where it looks', () => {
    const [js, cka] = [runs.map((f) => foretells(f, 'js', 1)), runs.map((f) => foretells(f, 'cka', 1))];
    says(`от ${ru(Math.min(...js))} до ${ru(Math.max(...js))}, медиана ${ru(median(js))}`, `скорее да: ${span(cka)}, медиана ${ru(median(cka))}`);
    const most = Math.max(...runs.flatMap((f) => pairsOf(1).map(({ i, j }) => interaction(f, i, j))));
    says(`не больше ${ru(most, 3)} ната`);
  });
});

it('the table of pairs in layer 0', () => {
  for (const f of runs) {
    const [{ i, j }, far] = [extreme(f, 'js', 0, true), extreme(f, 'js', 0, false)];
    const nought = (x: number): string => (Math.abs(x) < 0.005 ? '0,00' : delta(x));
    const apart = interaction(f, far.i, far.j);
    says(`| ${f.seed} | ${names[i]} и ${names[j]} | ${ru(f.single[i]!)} | ${ru(f.single[j]!)} | ${ru(f.pair[i * COUNT + j]!)} | ${delta(interaction(f, i, j))} | ${nought(apart)} |`);
  }
  says(`теряют ${ru(runs[3]!.single[5]!)} ната`);
});

it('the greedy order', () => {
  says(`уходят ${span(runs.map((f) => spare(f, 0.1)), 0)} голов из шестнадцати, до половины ната — ${span(runs.map((f) => spare(f, 0.5)), 0)}`);
  const [two, one] = [13, 14].map((k) => runs.map((f) => f.greedy.accuracy[k]!));
  says(`в ${ru(100 * Math.min(...two!), 0)}–${percent(Math.max(...two!))} случаев`, `до ${ru(100 * Math.min(...one!), 0)}–${percent(Math.max(...one!))}`);
  expect(Math.min(...runs.map((f) => f.greedy.loss[13]! - f.loss))).toBeGreaterThan(1);
});
