import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ru } from '../../kit/fmt';
import { cell, config, edge, look, median, of, RATES, REMEDIES, type Recorded, type Remedy } from './model';
import json from './recording.json';

const r = json as unknown as Recorded;

it('adds one remedy to the bare recipe, and nothing else', () => {
  const bare = config('bare', 0.064, 3);
  expect(bare).toMatchObject({ seed: 3, clip: 0, steps: 200, batch: 16, schedule: { learning_rate: 0.064, warmup: 0 }, model: { layers: 2, width: 32, mlp: 'none' } });
  expect(config('clip', 0.064, 3)).toEqual({ ...bare, clip: 1 });
  expect(config('warmup', 0.064, 3)).toEqual({ ...bare, schedule: { ...bare.schedule, warmup: 100 } });
  expect(config('norm', 0.064, 3)).toEqual({ ...bare, model: { ...bare.model, qk_norm: true } });
  expect(config('cap3', 0.064, 3).model.softcap).toBeCloseTo(Math.sqrt(32 / 4), 12); // the bound of QK-norm
});

it('looks at rows that have a choice', () => {
  const p = new Float32Array([1, 0, 0.5, 0.5]); // one map of two tokens
  const s = new Float32Array([3, -Infinity, -4, 2]);
  const seen = look([p], [s], 2, 5);
  expect(seen.entropy).toBeCloseTo(Math.LN2, 6);
  expect(seen.passes).toBeCloseTo(0.5, 6);
  expect(seen.score).toBe(4);
  expect(seen.slope).toBeCloseTo(1 - (9 + 16 + 4) / 75, 6);
  expect(look([p], [s], 2).slope).toBe(1);
});

describe('recording', () => {
  it('has five seeds of every remedy at every rate', () => {
    for (const remedy of REMEDIES) expect(of(r, remedy).map((c) => [c.rate, c.loss.length])).toEqual(RATES.map((x) => [x, 5]));
  });
  it('puts the edges where the chapter says', () => {
    expect(REMEDIES.map((x) => [x, edge(r, x)])).toEqual([['bare', 0.032], ['clip', 0.032], ['warmup', 0.064], ['cap30', 0.032], ['cap3', 0.032], ['norm', 0.256], ['unscaled', 0.008]]);
  });
});

it('the chapter says what was recorded', () => {
  const plain = (s: string): string => s.replace(/\$|\{,\}|\*/g, (x) => (x === '{,}' ? ',' : '')).replace(/[\s\u00a0\u202f]+/g, ' ');
  const text = plain(readFileSync(new URL('../../../../chapters/18-training/index.mdx', import.meta.url), 'utf8'));
  const says = (words: string): void => expect(text.includes(plain(words)), `the chapter should say «${words}»`).toBe(true);
  const names: Record<Remedy, string> = { bare: 'ничего', clip: 'обрезка нормы единицей', warmup: 'прогрев, 100 шагов', cap30: 'мягкий потолок 30', cap3: 'мягкий потолок \\sqrt8', norm: 'QK-norm, предел \\sqrt8', unscaled: 'ничего, и без 1/\\sqrt d' };
  const losses = (x: Remedy, rate: number): string => {
    const xs = cell(r, x, rate).loss;
    return `${ru(median(xs))} (${ru(Math.min(...xs))}–${ru(Math.max(...xs))})`;
  };
  for (const x of REMEDIES) says(`| ${names[x]} | ${String(edge(r, x)).replace('.', ',')} | ${[0.064, 0.128, 0.256].map((rate) => losses(x, rate)).join(' | ')} |`);
  const at = (x: Remedy, rate: number) => cell(r, x, rate);
  says(`\\lVert J\\rVert у него ${ru(at('cap3', 0.128).passes, 3)}, с QK-norm ${ru(at('norm', 0.128).passes, 3)}, без средств ${ru(at('bare', 0.128).passes, 3)}`);
  says(`наклон потолка \\sqrt8 при шаге 0,128 — ${ru(at('cap3', 0.128).slope, 3)}, потолка 30 — ${ru(at('cap30', 0.128).slope, 3)}`);
  says(`при шаге 0,032 средняя \\lVert J\\rVert ${ru(at('bare', 0.032).passes)}, при 0,064 — ${ru(at('bare', 0.064).passes, 3)}, при 0,128 — ${ru(at('bare', 0.128).passes, 3)}`);
  says(`смягчилось лишь падение за ним, ${ru(median(at('cap3', 0.128).loss))} против ${ru(median(at('bare', 0.128).loss))}`);
  const worst = (x: Remedy, rate: number): string => ru(Math.min(...at(x, rate).accuracy), 3);
  says(`у худшего зерна ${worst('cap3', 0.064)} с потолком \\sqrt8, ${worst('cap30', 0.064)} с потолком 30 и ${worst('bare', 0.064)} без средств`);
  says(`если простить одному зерну ${worst('warmup', 0.128)} при шаге 0,128`);
  expect(at('warmup', 0.128).accuracy.filter((a) => a < 0.9)).toHaveLength(1);
  for (const x of REMEDIES) if (x !== 'unscaled') expect(median(at(x, 0.032).loss)).toBeLessThan(0.001);
});

it('the edge follows the width, as the chapter says', () => {
  const chapter = new URL('../../../../chapters/18-training/', import.meta.url);
  const { result } = JSON.parse(readFileSync(new URL('data/widths.json', chapter), 'utf8')) as { result: { width: number; rate: number; accuracy: number[] }[] };
  const widths = [16, 32, 64, 128];
  const at = (width: number, rate: number): number[] => result.filter((x) => x.width === width && Math.abs(x.rate - rate) < 1e-6).map((x) => x.accuracy.at(-1)!);
  const rates = RATES.filter((x) => x >= 0.004);
  for (const w of widths) for (const x of rates) expect(at(w, x)).toHaveLength(5);
  const edges = widths.map((w) => Math.max(...rates.filter((x) => Math.min(...at(w, x)) >= 0.9)));
  expect(edges).toEqual([0.064, 0.032, 0.016, 0.008]);
  const text = readFileSync(new URL('index.mdx', chapter), 'utf8').replace(/[\s\u00a0\u202f]+/g, ' ');
  expect(text).toContain('Край — 0,064, 0,032, 0,016 и 0,008');
});
