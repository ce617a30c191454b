// The numbers that chapter 8 prints are those that record.ts measured: each is formatted here and looked for in the text.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fixed, percent, ru } from '../../kit/fmt';
import type { HeadWeights } from '../role-weights/model';
import { above, best, type Recorded } from '../head-scanner/model';
import { ROLE_IDS } from '../head-atlas/meter';
import type { Packed as AtlasPacked } from '../head-atlas/recorded';
import { interaction, layerDamage, unpack, type Recorded as Lesions } from '../lesions/model';

const chapter = new URL('../../../../chapters/08-roles/', import.meta.url);
const text = readFileSync(new URL('index.mdx', chapter), 'utf8').replace(/[\s\u00a0\u202f]+/g, ' ');
const data = <T>(name: string): T => JSON.parse(readFileSync(new URL(`data/${name}.json`, chapter), 'utf8')) as T;
const says = (...words: string[]): void => { for (const w of words) expect(text.includes(w.replace(/\u00a0/g, ' ')), `the chapter should say «${w}»`).toBe(true); };

it('weights', () => {
  const { trained, fresh } = data<{ trained: { heads: HeadWeights[]; composed: number[] }; fresh: { heads: HeadWeights[] }[] }>('weights');
  const [low, high] = [trained.heads.slice(0, 4), trained.heads.slice(4)];
  expect(high.every((h) => h.self === 1)).toBe(true);
  says(`от ${ru(Math.min(...high.map((h) => h.copying)), 3)} до ${ru(Math.max(...high.map((h) => h.copying)), 4)}`);
  says(`от ${ru(Math.min(...low.map((h) => h.copying)))} до ${ru(Math.max(...low.map((h) => h.copying)))}`);
  const from = (i: number): number[] => trained.composed.slice(4 * i, 4 * i + 4);
  expect(from(1)).toEqual([1, 1, 1, 1]);
  says(`у ${fixed(100 * Math.min(...from(3)), 0)}–${percent(Math.max(...from(3)))}`);
  expect(Math.max(...from(0), ...from(2))).toBeLessThanOrEqual(0.13);
  const untrained = fresh.flatMap((f) => f.heads.map((h) => h.copying));
  says(`от ${ru(Math.min(...untrained))} до ${ru(Math.max(...untrained))} при среднем ${ru(untrained.reduce((a, b) => a + b, 0) / untrained.length)}`);
});

describe('four tasks', () => {
  interface Run { id: string; seed: number; reached: number | null; accuracy: number; heads: { mass: number; hits: number }[] }
  const { runs } = data<{ runs: Run[] }>('four-tasks');
  const of = (id: string): Run[] => runs.filter((r) => r.id === id);
  const top = (r: Run): number => Math.max(...r.heads.map((h) => h.mass));
  it('one head', () => {
    says(of('seen-1').map((r) => ru(r.accuracy, 3)).join(', ').replace(/, ([^,]+,[^,]+)$/, ' и $1'));
    says(of('bare-1').map((r) => ru(r.accuracy, 3)).join(', ').replace(/, ([^,]+,[^,]+)$/, ' и $1'));
    expect(runs.filter((r) => r.id === 'seen-1' || r.id === 'bare-1').every((r) => r.accuracy > 0.8)).toBe(true);
    const [first, ...others] = of('name');
    says(`на ${ru(first!.accuracy, 3)}`, others.map((r) => ru(r.accuracy, 3)).join(' и '), `вес ${ru(top(first!))}`, `в ${percent(first!.heads[0]!.hits)} случаев`);
  });
  it('two and four heads', () => {
    for (const id of ['seen-2', 'seen-4']) {
      const acc = of(id).map((r) => r.accuracy);
      says(`${ru(Math.min(...acc), 3)}–${ru(Math.max(...acc), 3)}`, `${ru(Math.min(...of(id).map(top)))}–${ru(Math.max(...of(id).map(top)))}`);
      for (const r of of(id)) expect(top(r)).toBeLessThan(0.5);
    }
    const steps = of('seen-4').map((r) => r.reached!);
    says(`к шагам ${Math.min(...steps)}–${Math.max(...steps)}`);
  });
});

it('lesions', () => {
  const [zero, , resample] = data<{ figures: Lesions['figure'][] }>('lesions').figures.map(unpack);
  const [up, down] = [layerDamage(zero!, 1, 'loss'), layerDamage(zero!, 0, 'loss')];
  says(`точность ${percent(zero!.whole.accuracy, 1)}, потери ${ru(zero!.whole.loss, 3)} ната`, `в сумме ${ru(up.sum, 3)} ната, вместе — ${ru(up.together)}`, `сумма ${ru(down.sum)}, вместе ${ru(down.together)}`);
  const pairs = (f: NonNullable<typeof zero>): number[] => [4, 5, 6].flatMap((i) => [5, 6, 7].filter((j) => j > i).map((j) => f.cut[i * 8 + j]!.loss - f.whole.loss));
  expect(Math.max(...pairs(zero!))).toBeLessThanOrEqual(0.13);
  says(`${ru(Math.min(...pairs(resample!)), 1)}–${ru(Math.max(...pairs(resample!)), 1)} ната`);
  expect(interaction(zero!, 'loss')[4 * 8 + 5]).toBeGreaterThan(0);
});

it('scanner', () => {
  const { figures } = data<Recorded>('scanner');
  const own = figures.find((f) => f.figure.model === 'repeat-2l')!.figure;
  says(`${ru(own.baseline.induction, 3)})`, `первом прослушивании ${ru(own.loss.first)} ната, на повторе ${ru(own.loss.second)}`, `лучший показатель, ${ru(best(own, 'duplicate').value, 3)}`);
  const small = figures.find((f) => f.figure.model === 'ru-small')?.figure;
  if (!small) return;
  const [i, p, f] = [best(small, 'induction'), best(small, 'previous'), best(small, 'first')];
  says(`${ru(i.value, 3)} при равномерном ${ru(small.baseline.induction, 3)}`, `${p.layer}.${p.head} с показателем ${ru(p.value)} при равномерном ${ru(small.baseline.previous, 3)}`, `голова ${f.layer}.${f.head} отдаёт ${ru(f.value)}`, `легче первого лишь на ${ru(small.loss.first - small.loss.second)} ната`);
  expect(above(small, 'first', 0.5)).toBe(11); // «одиннадцать голов»
  expect(i.value).toBeLessThan(0.1); // «индукция не нашлась»
  // The same head on the treebanks of the atlas.
  const { native } = JSON.parse(readFileSync(new URL('../head-atlas/recording.json', import.meta.url), 'utf8')) as AtlasPacked;
  const at = ROLE_IDS.indexOf('induction');
  says(`та же ${i.layer}.${i.head} отдаёт`, `${ru(native!.roles[i.layer * small.heads + i.head]![at]!)} веса при равномерных ${ru(native!.uniform[at]!)}`);
});
