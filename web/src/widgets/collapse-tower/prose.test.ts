// The numbers that chapter 10 prints are those that its recordings hold: each is formatted here and looked for in the text.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ru } from '../../kit/fmt';
import { count, type Figure as Plane, type Norm } from '../two-deaths/model';
import { growth, rate, unpackRow } from './model';
import type { TowerFloor } from '../../../../wasm/client/types';

const chapter = new URL('../../../../chapters/10-collapse/', import.meta.url);
const plain = (s: string): string => s.replace(/\$|\{,\}/g, (x) => (x === '{,}' ? ',' : '')).replace(/−/g, '-').replace(/[\s\u00a0\u202f]+/g, ' ');
const text = plain(readFileSync(new URL('index.mdx', chapter), 'utf8'));
const data = <T>(name: string): T => JSON.parse(readFileSync(new URL(`data/${name}.json`, chapter), 'utf8')) as T;
const says = (...words: string[]): void => { for (const w of words) expect(text.includes(plain(w)), `the chapter should say «${w}»`).toBe(true); };
const span = (xs: number[], digits = 2, dash = '–'): string => `${ru(Math.min(...xs), digits)}${dash}${ru(Math.max(...xs), digits)}`;
/** Least negative first, as a reader meets them going down. */
const fall = (xs: number[], digits: number): string => `${ru(Math.max(...xs), digits)}…${ru(Math.min(...xs), digits)}`;

describe('the tower', () => {
  type Row = Parameters<typeof unpackRow>[0];
  const { conditions } = data<{ conditions: { id: string; towers: Row[][] }[] }>('tower');
  const of = (id: string): TowerFloor[][] => conditions.find((c) => c.id === id)!.towers.map((t) => t.map(unpackRow));
  const at = (id: string, floor: number): number[] => of(id).map((t) => t[floor]!.residual!);
  const steps = (id: string): number[] => of(id).map((t) => growth(t)!);
  it('cubes', () => {
    says(`${fall(at('pure', 2), 1)} на втором до ${fall(at('pure', 6), 0)} на шестом`, `в ${span(steps('pure'), 3)} раза`);
    says(`${span(steps('mlp'))} раза`, `${fall(at('mlp', 5), 0)} на пятом этаже против ${fall(at('pure', 5), 0)}`);
    says(`${fall(at('post-bare', 6), 0)} на шестом, но показатель тот же, ${span(steps('post-bare'))}`);
  });
  it('is held by a skip, as the estimate says', () => {
    const rates = (id: string): number[] => of(id).map((t) => rate(t, 12, 24));
    says(`Измерено: ${span(rates('skip'))}.`, `измерено ${span(rates('block-post'))}`, `10^{${ru(Math.max(...at('block-post', 24)), 1)}}…10^{${ru(Math.min(...at('block-post', 24)), 1)}}`);
    says(`от ${ru(Math.max(...at('skip-pre', 24)))} до ${ru(Math.min(...at('skip-pre', 24)))}`, `от ${ru(Math.max(...at('block-pre', 24)))} до ${ru(Math.min(...at('block-pre', 24)))}`);
    for (const r of [...rates('skip'), ...rates('block-post')]) expect(Math.abs(r - Math.SQRT1_2)).toBeLessThan(0.08);
    for (const y of at('skip-pre', 24)) expect(Math.abs(y + Math.log10(5))).toBeLessThan(0.15);
  });
  it('halves under a mask', () => says(`этажами: ${span(of('causal').map((t) => rate(t, 12, 24)))}.`));
  it('dies twice without a norm', () => {
    const last = of('skip').map((t) => t[24]!);
    expect(Math.min(...last.map((f) => f.cosine))).toBeGreaterThan(0.995);
    expect(Math.max(...last.map((f) => f.entropy!))).toBeLessThan(0.01);
    expect(Math.min(...last.map((f) => f.score))).toBeGreaterThan(4.5e4);
    expect(Math.max(...last.map((f) => f.score))).toBeLessThan(1.1e6);
  });
});

it('the plane of two deaths', () => {
  const { figures } = data<{ figures: Plane[] }>('deaths');
  const of = (norm: Norm, fate: 'alive' | 'merged' | 'frozen'): string => span(figures.filter((f) => f.norm === norm).map((f) => count(f)[fate]), 0);
  says(`живых всего ${of('none', 'alive')}, слившихся ${of('none', 'merged')}, застывших ${of('none', 'frozen')}`, `С pre-LN живых ${of('pre', 'alive')}, с post-LN ${of('post', 'alive')}`);
  expect(figures.every((f) => count(f).both === 0)).toBe(true);
});
