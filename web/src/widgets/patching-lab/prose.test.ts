// The numbers that chapter 9 prints are those that the recordings hold: each is formatted here and looked for in the text.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { percent, ru } from '../../kit/fmt';
import { median, METHODS, type Method, type Recorded as Bench, type Truth } from '../truth-bench/model';
import benchJson from '../truth-bench/recording.json';
import { CONTRASTS, type Contrast, type Recorded } from './model';
import json from './recording.json';

const text = readFileSync(new URL('../../../../chapters/09-methods/index.mdx', import.meta.url), 'utf8').replace(/[\s\u00a0\u202f]+/g, ' ');
const says = (...words: string[]): void => { for (const w of words) expect(text.includes(w.replace(/\u00a0/g, ' ')), `the chapter should say «${w}»`).toBe(true); };
const bench = (benchJson as unknown as Bench).rows;
const rows = (json as unknown as Recorded).rows;
const span = (x: number[], digits = 2): string => `${ru(Math.min(...x), digits)}–${ru(Math.max(...x), digits)}`;
const dots = (x: number[]): string => `${ru(Math.min(...x))}…${ru(Math.max(...x))}`;
const whole = (x: number): string => percent(x).replace(/\D+$/, '');

describe('the truth bench', () => {
  const rho = (t: Truth, m: Method): number[] => bench.map((r) => r[t][m].rho);
  const top = (t: Truth, m: Method): number[] => bench.map((r) => r[t][m].top);
  const cell = (x: number[]): string => `${ru(median(x))} (${dots(x)})`;
  const share = (x: number[]): string => `${percent(median(x))} (${whole(Math.min(...x))}–${whole(Math.max(...x))})`;
  it('prints the table as measured', () => {
    for (const m of METHODS) says(`| ${cell(rho('exchange', m))} | ${share(top('exchange', m))} | ${cell(rho('erase', m))} | ${share(top('erase', m))} |`);
    says(`${cell(bench.map((r) => r.ceiling.rho))} | ${share(bench.map((r) => r.ceiling.top))}`, `согласна сама с собой на ${ru(median(bench.map((r) => r.ceiling.rho)))}`);
    says(`согласны друг с другом на ${ru(median(bench.map((r) => r.truths.rho)))}`, `называет её в ${percent(median(top('exchange', 'rollout')))}`);
    expect(bench.every((r) => r.accuracy === 1)).toBe(true);
  });
  it('says in words what holds in every model', () => {
    for (const r of bench) {
      const x = r.exchange;
      expect(Math.min(x.rollout.rho, x.flow.rho)).toBeGreaterThan(Math.max(x.attention.rho, x.norms.rho, x.gradient_input.rho));
      expect(Math.abs(x.rollout.rho - x.flow.rho)).toBeLessThan(0.02);
      // Another truth, another order.
      expect(r.erase.relevance.rho).toBeGreaterThan(r.erase.rollout.rho);
      expect(r.erase.gradient_input.rho).toBeGreaterThan(x.gradient_input.rho + 0.1);
    }
    expect(median(rho('exchange', 'gradient_input'))).toBeLessThan(median(rho('exchange', 'attention')));
    expect(median(rho('erase', 'gradient_input'))).toBeGreaterThan(median(rho('erase', 'rollout')));
    expect(median(rho('exchange', 'rollout'))).toBeGreaterThan(0.5 * median(bench.map((r) => r.ceiling.rho)));
    expect(median(top('exchange', 'attention'))).toBeGreaterThan(median(top('exchange', 'rollout')) + 0.2);
  });
});

describe('one head, three contrasts', () => {
  it('prints the table as measured', () => {
    for (const r of rows) {
      const [h, k] = [r.previous, r.contrasts];
      const other = Math.max(...r.zero.filter((_, i) => i !== h));
      says(`| ${r.seed} | 0.${h} | ${ru(r.zero[h]!, 1)} | ${ru(other, 1)} | ${ru(k.source.denoise[h]!, 3)} | ${ru(k.before.denoise[h]!)} | ${ru(k.asker.denoise[h]!, 3)} | ${ru(k.before.noise[h]!)} |`);
    }
  });
  it('keeps what was expected, on all seeds', () => {
    for (const r of rows) {
      const h = r.previous;
      expect(r.zero.indexOf(Math.max(...r.zero))).toBe(h);
      expect(r.zero[h]).toBeGreaterThan(r.metric / 2);
      expect(Math.abs(r.contrasts.source.denoise[h]!)).toBeLessThan(0.005);
      expect(r.contrasts.before.denoise[h]).toBeGreaterThan(0.95);
    }
  });
  it('sums of the heads of layer 1 fall on both sides of one', () => {
    const sums = (way: 'denoise' | 'noise'): number[] => rows.map((r) => r.contrasts.source[way].slice(4).reduce((a, b) => a + b, 0));
    says(span(sums('denoise')), span(sums('noise')));
    expect(Math.min(...sums('denoise'))).toBeGreaterThan(1);
    expect(Math.max(...sums('noise'))).toBeLessThan(1);
  });
});

describe('attribution patching', () => {
  const of = (c: Contrast, way: 'denoise' | 'noise', what: 'pearson' | 'slope'): number[] => rows.map((r) => r.contrasts[c].estimate[way][what]);
  it('prints the table as measured', () => {
    for (const c of CONTRASTS) says(`| ${span(of(c, 'denoise', 'pearson'))} | ${span(of(c, 'denoise', 'slope'))} | ${dots(of(c, 'noise', 'pearson'))} | ${dots(of(c, 'noise', 'slope'))} |`);
  });
  it('shows a saturated map in the string above', () => {
    const { figure } = benchJson as unknown as Bench;
    says(`ответу достаётся весь вес, ${ru(figure.methods.attention[5]!)}`);
  });
  it('is refuted where the head acts through a saturated softmax, by sign', () => {
    const guess = (way: 'denoise' | 'noise'): number[] => rows.map((r) => r.contrasts.before.guess[way][r.previous]!);
    says(`приписано ${span(guess('denoise'))}`, `от ${ru(Math.min(...guess('noise')))} до ${ru(Math.max(...guess('noise')))}`, `отнимает ${span(rows.map((r) => r.contrasts.before.noise[r.previous]!))}`);
    expect(Math.max(...guess('noise'))).toBeLessThan(0);
    expect(Math.min(...of('source', 'denoise', 'pearson'))).toBeGreaterThan(0.9);
    expect(Math.max(...of('before', 'denoise', 'pearson'))).toBeLessThan(0.9);
    expect(Math.max(...of('asker', 'noise', 'pearson'))).toBeLessThan(0.9);
  });
});

it('noise and exchange', () => {
  says(`возвращается ${span(rows.map((r) => r.blur.exchange), 3)}, при шуме — ${span(rows.map((r) => r.blur.noise))}`);
  for (const r of rows) expect(r.blur.noise - r.blur.exchange).toBeGreaterThan(0.05);
});
