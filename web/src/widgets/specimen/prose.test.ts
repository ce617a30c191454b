// The numbers that chapter 1 prints are those that record.ts measured: each is formatted here and looked for in the text.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fixed, percent, ru } from '../../kit/fmt';

const chapter = new URL('../../../../chapters/01-head/', import.meta.url);
const text = readFileSync(new URL('index.mdx', chapter), 'utf8').replace(/[\s\u00a0\u202f]+/g, ' ');
interface Verdict { loss: number; accuracy: number }
interface Head { copying: number; right: number; of: number; ovDiagonal: number; qkDiagonal: number; back: { share: number; lead: number }; through: Record<string, number> }
interface Layer { gaps: Record<string, number>; size: number; additivity: { frozen: number; live: number; size: number }[] }
const m = JSON.parse(readFileSync(new URL('data/measured.json', chapter), 'utf8')) as {
  previous: string; induction: string; seed: number; heads: Record<string, Head>; whole: Verdict & { firstPeriod: number };
  ablations: Record<string, Record<'zero' | 'mean' | 'resample', Verdict>>; carried: Record<string, { spearman: number; differ: number; sizes: [number, number] }>; layers: Layer[];
};
const says = (...words: string[]): void => { for (const w of words) expect(text.includes(w.replace(/\u00a0/g, ' ')), `the chapter should say «${w}»`).toBe(true); };
const names = Object.keys(m.heads);
const layer1 = names.filter((n) => n.startsWith('1'));
const pc = (x: number): string => percent(x, 1);
const mean = (name: string): Verdict => m.ablations[name]!.mean;

describe('«Эмпирика» of chapter 1', () => {
  it('names the seed and the heads', () => {
    expect([m.seed, m.previous]).toEqual([1, '0.1']);
    says('зерно 1', 'голова 0.1 смотрит на букву назад');
  });

  it('circuits', () => {
    for (const n of layer1) {
      const h = m.heads[n]!;
      expect([h.ovDiagonal, h.right, h.of, h.through['0.1']]).toEqual([1, 16, 16, 1]);
      expect(h.qkDiagonal).toBeLessThanOrEqual(1 / 32);
      expect(Math.max(h.through['0.0']!, h.through['0.2']!)).toBeLessThanOrEqual(0.1);
    }
    says(`в худшем случае ${ru(Math.min(...layer1.map((n) => m.heads[n]!.copying)), 3)}`);
    const low = names.filter((n) => n.startsWith('0')).map((n) => m.heads[n]!.copying);
    says(`от ${ru(Math.min(...low))} до ${ru(Math.max(...low))}`);
    const third = layer1.map((n) => m.heads[n]!.through['0.3']!);
    says(`от ${fixed(100 * Math.min(...third), 0)} до ${fixed(100 * Math.max(...third), 0)} %`);
    expect(m.heads['0.1']!.back.share).toBe(1);
    says(`на ${fixed(m.heads['0.1']!.back.lead, 0)} единиц`);
  });

  it('ablations', () => {
    says(`${pc(m.whole.accuracy)}, потери ${ru(m.whole.loss, 3)}`, `${pc(mean('0.1').accuracy)} и ${ru(mean('0.1').loss)} ната`, pc(mean('0.3').accuracy));
    const others = names.filter((n) => n !== '0.1' && n !== '0.3');
    says(`в худшем случае ${pc(Math.min(...others.map((n) => mean(n).accuracy)))}`);
    says(`до ${ru(mean('0.0').loss, 3)} и ${ru(mean('0.2').loss, 3)}`);
    for (const n of ['0.0', '0.2']) expect(mean(n).loss).toBeLessThan(m.whole.loss);
    // «у 0.2 — не при всякой замене»
    expect(m.ablations['0.2']!.resample.loss).toBeGreaterThan(m.whole.loss);
    expect(m.ablations['0.0']!.resample.loss).toBeLessThan(m.whole.loss);
    const [two, three, four] = ['layer 1, two heads', 'layer 1, three heads', 'layer 1'];
    says(pc(mean(two!).accuracy), pc(mean(three!).accuracy), pc(mean(four!).accuracy), pc(m.ablations[two!]!.resample.accuracy), pc(m.ablations[three!]!.resample.accuracy));
    says(`${ru(m.whole.firstPeriod)} ната — против ${ru(Math.log(32))}`);
  });

  it('weight against contribution', () => {
    const rho = names.map((n) => m.carried[n]!.spearman);
    says(`от ${ru(Math.min(...rho), 3)} до ${ru(Math.max(...rho), 4)}`, `в ${percent(m.carried['0.0']!.differ)} строк`);
    expect(m.carried['0.1']!.differ).toBe(0);
    for (const n of names) expect(m.carried[n]!.sizes[1] / m.carried[n]!.sizes[0]).toBeLessThan(5.5);
  });

  it('three ways', () => {
    for (const l of m.layers) {
      expect(Math.max(...Object.values(l.gaps))).toBeLessThan(2e-5);
      expect(Math.max(...l.additivity.map((a) => a.frozen))).toBeLessThan(5e-6);
    }
    const live = m.layers.flatMap((l) => l.additivity.map((a) => a.live));
    says(`доходят до ${fixed(Math.max(...m.layers.map((l) => l.size)), 0)}, а записи`, `от ${ru(Math.min(...live), 1)} до ${fixed(Math.max(...live), 0)}`);
    const share = m.layers[0]!.additivity.map((a) => a.live / a.size);
    for (const h of [1, 3]) expect(share[h]).toBeLessThan(0.25);
    for (const h of [0, 2]) expect(share[h]).toBeGreaterThan(0.5);
  });
});
