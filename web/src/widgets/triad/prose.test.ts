// What seven chapters say of the bench, held to measured.json.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { median } from '../../lib/statistics.ts';
import { ru } from '../../kit/fmt';
import { PAIRS } from './sentences';
import { SENTENCES } from '../who-moved/sentences';
import { OTHERS } from './subject';
import json from './measured.json';

interface Spread { median: number; low: number; high: number }
interface Couple { pair: number[]; a: number; b: number; both: number; extra: number; positive: number }
interface Order { reach: Spread; half: Spread; at: number[]; lowest: Spread }
interface Both { even: Couple; odd: Couple }
interface Measured {
  sentences: number; pairs: number;
  together: { whole: number; none: number; sumOfAll: number; most: Spread; cheap: number; layers: { joint: number; sum: number; over: number }[] };
  orders: { single: Order; greedy: Order; random: Order; ahead: number; behind: number; transfer: Record<'single' | 'greedy' | 'random', { own: Spread; others: Spread }> };
  lots: { each: number[]; mean: number };
  cargo: Record<`${'noise' | 'denoise'}-${'z' | 'v' | 'pattern' | 'q' | 'k'}`, Spread & { shares: number[] }>;
  promised: { layers: { spearman: Spread; ratio: (Spread & { count: number }) | null; said: number; size: number }[]; heads: [number, number][] };
  disagree: { zero: Spread; blanks: Spread; same: number; tops: number[][]; heads: Record<'zero' | 'noise', number[]> };
  spares: { cross: Both[]; quiet: { count: number; worst: Both[] } };
}
const m = json as unknown as Measured;
const root = new URL('../../../../chapters/', import.meta.url);
/** The chapter's text, hard spaces and line breaks as spaces. */
const chapter = (n: string): string => readFileSync(new URL(`${readdirSync(root).find((f) => f.startsWith(`${n}-`))!}/index.mdx`, root), 'utf8').replace(/\s+/g, ' ');
const says = (n: string, ...phrases: string[]): void => phrases.forEach((p) => expect(chapter(n), p).toContain(p));
const range = (s: Spread, digits = 2): string => `от ${ru(s.low, digits)} до ${ru(s.high, digits)}`;

it('everything is over the same sentences, none of which lends its means', () => {
  expect([m.sentences, m.pairs]).toEqual([SENTENCES.length, PAIRS.length]);
  expect(m.pairs).toBe(16);
  expect(m.sentences).toBe(16);
  for (const s of SENTENCES) for (const o of OTHERS) expect(o.slice(0, 12)).not.toBe(s.slice(0, 12));
});

it('chapter 2: a layer against its heads', () => {
  const { layers, ...t } = m.together;
  const upper = layers.slice(1);
  says('02', `потери целой модели — ${ru(t.whole)} ната`, `самая дорогая голова предложения — ${ru(t.most.median)} в медиане`,
    `стоят ${upper.map((l) => ru(l.joint)).join('; ')} против сумм ${upper.map((l) => ru(l.sum)).join('; ')}`, `складываются в ${ru(t.sumOfAll)}, отнятые сразу — в ${ru(t.none)}`, `даже ниже на ${ru(-layers[0]!.joint)}`);
  expect(t.cheap).toBe(32); // «тридцать две»
  expect(Math.min(...upper.map((l) => l.over))).toBe(14);
  expect([layers[0]!.joint < 0, layers[0]!.joint > layers[0]!.sum, layers[0]!.over]).toEqual([true, true, 10]);
  says('02', `порознь его головы — на ${ru(-layers[0]!.sum)}`);
  expect(t.none - t.sumOfAll).toBeGreaterThan(t.none / 2);
});

it('chapter 4: values against maps', () => {
  const { 'noise-v': v, 'noise-pattern': p, 'noise-k': k } = m.cargo;
  says('04', `значения переносят ${ru(v.median)} разности (медиана; ${range(v)})`, `карты ${ru(p.median)} (${range(p)})`);
  v.shares.forEach((x, i) => expect(x).toBeGreaterThan(p.shares[i]!));
  const large = p.shares.map((x, i) => [x, i] as const).filter(([x]) => x > 0.25).map(([, i]) => i);
  expect(large).toHaveLength(4);
  for (const i of large) expect(k.shares[i]! / p.shares[i]!).toBeGreaterThan(0.75);
  const children = PAIRS.findIndex((x) => x.text === 'Дети моей сестры');
  says('04', `${ru(k.shares[children]!)} из ${ru(p.shares[children]!)} в паре «Дети моей сестры»`);
});

it('chapter 6: promised and lost', () => {
  const top = m.promised.layers[4]!;
  says('06', `потеряно ${ru(top.ratio!.median)} обещанного (медиана ${top.ratio!.count} случаев, ${range(top.ratio!)})`, `обещает ${ru(m.promised.heads[34]![0])} и уносит с собой ${ru(m.promised.heads[34]![1])}`, `в слое 4 — ${ru(top.spearman.median)}, но и в слое 3 — ${ru(m.promised.layers[3]!.spearman.median)}`);
  const low = m.promised.layers.slice(0, 3);
  says('06', `корреляция в медиане не выше ${ru(Math.max(...low.map((l) => l.spearman.median)))}`, `на весь слой обещано не больше ${ru(Math.max(...low.map((l) => Math.abs(l.said))))}`, `в среднем на ${ru(Math.min(...low.map((l) => l.size)))}–${ru(Math.max(...low.map((l) => l.size)))}`);
  expect(top.ratio!.low).toBeGreaterThan(0);
});

it('chapter 9: taking away and patching', () => {
  const { zero, blanks, same, tops, heads } = m.disagree;
  says('09', `совпала в ${same} парах`, `ρ = ${ru(zero.median)} (${range(zero)})`, `(без неё мера меняется на ${ru(heads.zero[8]!)})`, `(подменённая, ${ru(heads.noise[8]!)})`, `у 2.7 наоборот, ${ru(heads.zero[23]!)} и ${ru(heads.noise[23]!)}`, `согласны между собой на ${ru(blanks.median)}`);
  expect(tops.filter((t) => t[2] === 34).length).toBeGreaterThan(8);
});

describe('chapters 3, 10 and 12', () => {
  it('orders', () => {
    const { greedy, single, random, transfer, ahead, behind } = m.orders;
    says('03', `Ушли ${ru(greedy.reach.median, 0)} в медиане (от ${greedy.reach.low} до ${greedy.reach.high})`, `падают, на ${ru(-greedy.lowest.median)} ната`, `предложениях — ${ru(transfer.greedy.others.median)}`);
    says('12', `жадный уходит на ${ru(greedy.reach.median, 0)} голов, одиночный на ${ru(single.reach.median, 0)}, жребий на ${ru(random.reach.median, 1)}`, `впереди одиночного на ${ahead} предложениях из шестнадцати`, `своей фразе стоят ${ru(transfer.greedy.own.median)} ната`, `чужим ${ru(transfer.greedy.others.median)}`, `жребием — ${ru(transfer.random.others.median)}`, `У одиночного порядка то же: своей ${ru(transfer.single.own.median)}, чужим ${ru(transfer.single.others.median)}`);
    const { each, mean } = m.lots;
    says('12', `пять разных стоят от ${ru(Math.min(...each))} до ${ru(Math.max(...each))}, в среднем ${ru(mean, 1)}`);
    expect(each[0]).toBeCloseTo(transfer.random.others.median, 1); // the lot of the expectation
    expect(transfer.greedy.others.median).toBeLessThan(mean / 2);
    expect(transfer.greedy.others.median).toBeLessThan(transfer.random.others.median / 2);
    expect(transfer.greedy.others.median - transfer.greedy.own.median).toBeCloseTo(0.5, 1);
    expect(behind).toBeLessThan(ahead);
    expect(median([greedy.reach.low, greedy.reach.high])).toBeGreaterThan(20);
  });
  it('spares', () => {
    const { quiet, cross } = m.spares;
    expect(quiet.count).toBeGreaterThan(100);
    expect(quiet.worst[0]!.even.both).toBeLessThan(0.05);
    const best = cross[0]!;
    expect(best.odd.pair).toEqual([8, 22]);
    says('10', `${quiet.count} пар`, `${ru(best.odd.a)} и ${ru(best.odd.b)} ната, вместе ${ru(best.odd.both)}`, `${ru(quiet.worst[0]!.even.both)} ната`);
  });
});
