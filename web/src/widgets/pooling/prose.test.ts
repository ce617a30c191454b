// The numbers that chapter 19 prints are those that its recordings hold: each is formatted here and looked for in the text.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ru } from '../../kit/fmt';
import { median } from '../../lib/statistics';
import figureJson from '../other-maps/recording.json';
import { ACCOUNTS, ENCODERS, NAMES, type Account, type Summary } from './model';
import type { EncoderName } from '../../../../wasm/client/types';

const read = (path: string): string => readFileSync(new URL(`../../../../chapters/19-explanation/${path}`, import.meta.url), 'utf8');
const plain = (s: string): string => s.replace(/\$|\{,\}/g, (x) => (x === '{,}' ? ',' : '')).replace(/−/g, '-').replace(/[\s\u00a0\u202f]+/g, ' ');
const text = plain(read('index.mdx'));
const says = (...words: string[]): void => { for (const w of words) expect(text.includes(plain(w)), `the chapter should say «${w}»`).toBe(true); };
const span = (xs: number[], digits = 2): string => (ru(Math.min(...xs), digits) === ru(Math.max(...xs), digits) ? ru(xs[0]!, digits) : `${ru(Math.min(...xs), digits)}–${ru(Math.max(...xs), digits)}`);

interface Run extends Summary { encoder: EncoderName; penalty: number; seed: number; accuracy: number; mass: number }
const { runs } = JSON.parse(read('data/pooling.json')) as { runs: Run[] };
const of = (encoder: EncoderName, penalty: number): Run[] => runs.filter((r) => r.encoder === encoder && r.penalty === penalty);
const hits = (encoder: EncoderName, penalty: number, name: Account): number[] => of(encoder, penalty).map((r) => r.hits[name]);

describe('one row over three encoders', () => {
  it('the table', () => {
    for (const e of ENCODERS) {
      says(`| ${NAMES[e]} | ${[0, 1, 2].map((k) => span(of(e, 0).map((r) => r.tau[k]!))).join(' | ')} |`);
      says(`| ${NAMES[e]} | ${(['weight', 'gradient', 'left_out'] as const).map((n) => span(hits(e, 0, n))).join(' | ')} |`);
    }
    expect(Math.min(...ENCODERS.flatMap((e) => of(e, 0).map((r) => r.accuracy)))).toBeGreaterThanOrEqual(0.996);
  });
  it('what refutes the expectation', () => {
    const [single, recurrent] = (['single', 'recurrent'] as const).map((e) => median(of(e, 0).map((r) => r.tau[0]!))) as [number, number];
    says(`между медианами ${ru(single, 2)} и ${ru(recurrent, 2)}`, `при $\\tau=${ru(recurrent, 2)}$ называет`);
    expect(single - recurrent).toBeLessThan(0.2);
    // Both without mixing and over the recurrent encoder the gradient agrees with the experiment less than the row does.
    for (const r of [...of('single', 0), ...of('recurrent', 0)]) expect(r.tau[2]!).toBeLessThan(r.tau[1]!);
    expect(hits('recurrent', 0, 'weight').every((v, i) => v > hits('recurrent', 0, 'left_out')[i]!)).toBe(true);
  });
  it('perfect witnesses and weights that change places', () => {
    const k = [1, 3, 5];
    says(`\\tau=${ru(k.reduce((sum, n) => sum + (n * (12 - n)) / 66, 0) / k.length, 2)}`);
    says(`В ${Math.round((100 * k.reduce((sum, n) => sum + ((12 - n) * (11 - n)) / 2 / 66, 0)) / k.length)} % пар оба слова ничего не значат`);
    const moved = of('single', 0).map((r) => r.moved), mixed = (['attention', 'recurrent'] as const).flatMap((e) => of(e, 0).map((r) => r.moved));
    says(`без смешения на ${ru(Math.min(...moved), 4)}–${ru(Math.max(...moved), 2)}`);
    expect(Math.max(...mixed)).toBeLessThanOrEqual(0.00005);
  });
});

describe('liars', () => {
  it('accuracy and mass', () => {
    for (const penalty of [0, 0.1, 0.3, 1]) says(`| ${ru(penalty, penalty % 1 ? 1 : 0)} | ${ENCODERS.map((e) => `${span(of(e, penalty).map((r) => r.accuracy), 3)}; вес ${span(of(e, penalty).map((r) => r.mass))}`).join(' | ')} |`);
    expect(of('single', 0.1).every((r) => r.accuracy === 1)).toBe(true);
    expect(of('single', 0.3).filter((r) => r.accuracy === 1)).toHaveLength(3);
    for (const e of ENCODERS) for (const r of of(e, 1)) {
      expect(r.mass).toBeLessThan(0.01);
      expect(r.accuracy > 0.95).toBe(e !== 'single');
    }
  });
  it('who noticed', () => {
    for (const [e, penalty, words] of [['single', 0.1, '0,1'], ['recurrent', 0.1, '0,1'], ['recurrent', 1, '1'], ['attention', 1, '1']] as const)
      says(`| ${NAMES[e]}, λ = ${words} | ${ACCOUNTS.map((n) => span(hits(e, penalty, n))).join(' | ')} |`);
    const worst = hits('single', 0.1, 'gradient'); // at random: a quarter
    expect(Math.max(...worst)).toBeLessThan(0.25);
    expect(Math.min(...hits('recurrent', 0.1, 'gradient'), ...hits('recurrent', 1, 'gradient'), ...hits('attention', 1, 'gradient'))).toBeGreaterThan(0.7);
    const caused = (e: EncoderName): number => Math.min(...of(e, 1).map((r) => r.caused));
    says(`не меньше ${Math.floor(100 * caused('recurrent'))} % всего сдвига`, `не меньше ${Math.floor(100 * caused('attention'))} % у моделей`);
  });
});

describe('rows with one output', () => {
  interface Found { layer: number; keys: number; effective: number; distance: number; bound: number; swap: number; reversed: number }
  const rows = JSON.parse(read('data/rows.json')) as { order: number; rows: Found[]; sharp: Found[]; table: { keys: number; width: number; spread: number; distance: number[]; most: number[]; gap: number }[] };
  const drawn = (keys: number, width: number, spread: number) => rows.table.find((t) => t.keys === keys && t.width === width && t.spread === spread)!;
  it('drawn numbers', () => {
    for (const [keys, width] of [[17, 16], [18, 16], [32, 16], [64, 16], [64, 32], [64, 8]] as const) says(`| ${keys} | ${width} | ${span(drawn(keys, width, 0.5).distance)} | ${span(drawn(keys, width, 3).distance)} |`);
    for (const keys of [16, 17]) for (const spread of [0.5, 3]) expect(Math.max(...drawn(keys, 16, spread).distance)).toBe(0);
    const sharp = drawn(64, 16, 3);
    const sorted = [...sharp.distance].sort((a, b) => a - b).map((v) => ru(v, 2));
    says(`${sorted.slice(0, 4).join('; ')} и ${sorted[4]}`);
    expect(sharp.distance.filter((v) => v > 0.3)).toHaveLength(4);
    expect([Math.max(...sharp.most) > 0.99, Math.min(...sharp.most) < 0.27]).toEqual([true, true]);
    for (const t of rows.table) expect(t.gap).toBeLessThan(1e-9);
  });
  const long = rows.rows.filter((r) => r.keys === 64);
  it('the Russian model', () => {
    expect(long).toHaveLength(200);
    for (const [lo, hi] of [[1, 2], [2, 5], [5, 10], [10, 20], [20, 40], [40, 64]] as const) {
      const own = long.filter((r) => r.effective >= lo && (r.effective < hi || hi === 64)).map((r) => r.distance);
      says(`| от ${lo} до ${hi} | ${own.length} | ${ru(median(own), 2)} | ${span(own)} |`);
    }
    says(`ранговая корреляция ${ru(rows.order, 3)}`, `таких ${long.filter((r) => r.layer > 0 && r.distance > 0.5).length} из 160`, `У ${long.filter((r) => r.bound < 0.05).length} строк граница ниже 0,05`);
    expect(long.filter((r) => r.layer === 0 && r.distance > 0.5)).toHaveLength(40);
    expect(Math.max(...long.map((r) => r.swap))).toBeLessThanOrEqual(9.5e-6);
    says(`по медиане на ${ru(median(long.map((r) => r.reversed)), 2)}`);
    expect(Math.min(...long.map((r) => r.reversed / r.swap))).toBeGreaterThan(100);
  });
  it('the sharp model', () => {
    const upper = rows.sharp.filter((r) => r.layer === 1);
    says(`не больше ${ru(Math.max(...upper.map((r) => r.distance)), 3)}, граница не выше ${ru(Math.max(...upper.map((r) => r.bound)), 3)}`);
  });
  it('the figure that opens the chapter', () => {
    const [shown, ...sharp] = (JSON.parse(read('data/opening.json')) as { rows: { layer: number; head: number; rank: number; bound: number }[] }).rows;
    says(`переключите голову на ${sharp.map((r) => `${r.layer}.${r.head}`).join(' или ')}`, 'переложить нельзя и двух сотых веса');
    for (const r of sharp) expect([r.rank === shown!.rank, r.bound < 0.02]).toEqual([true, true]);
    const { figure } = figureJson;
    const top = figure.alpha.indexOf(Math.max(...figure.alpha));
    says(`вместо ${ru(figure.alpha[top]!, 2)} осталось ${ru(figure.farthest[top]!, 2)}`, `логиты уйдут на ${ru(figure.swap.reversed, 2)}`);
    expect(figure.swap.farthest).toBeGreaterThan(2.5e-6);
    expect(figure.swap.farthest).toBeLessThan(3.5e-6);
    expect(figure.distance).toBeGreaterThan(0.45);
  });
});
