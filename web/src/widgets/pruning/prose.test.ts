// The numbers that chapter 12 prints are those of its recordings: formatted in facts.ts, looked for in the text.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ru } from '../../kit/fmt';
import autopsyJson from '../head-autopsy/recording.json';
import type { Recorded as Autopsy } from '../head-autopsy/model';
import gatesJson from '../head-gates/recording.json';
import type { Recorded as Gates } from '../head-gates/model';
import { middle as raceMiddle, type Recorded as Race } from '../removal-race/model';
import raceJson from '../removal-race/recording.json';
import type { Recorded as Diet } from '../weight-diet/model';
import dietJson from '../weight-diet/recording.json';
import { autopsyFacts, dietFacts, gatesFacts, raceFacts } from './facts';
import { reach } from './orders';

const text = readFileSync(new URL('../../../../chapters/12-pruning/index.mdx', import.meta.url), 'utf8').replace(/[\s\u00a0\u202f]+/g, ' ');
const says = (...words: string[]): void => { for (const w of words) expect(text.includes(w), `the chapter should say «${w}»`).toBe(true); };

describe('«Эмпирика» of chapter 12', () => {
  it('the autopsy', () => {
    const f = autopsyFacts(autopsyJson as unknown as Autopsy);
    says(`потери растут на ${f.top} ната`, `следующей по цене — на ${f.second}`, `предыдущему токену они отдают ${f.topPrevious} веса`, `точность на повторе ${f.accuracy}`);
    says(`Голов дороже ε в пяти моделях ${f.alive}`, `дублёров ${f.doubled}`, `лишних — ${f.useless}`, `цена её к этому времени — ${f.topTurn}`, `длиной ${f.quiet}, головы слоя 1 — ${f.loud}`, `не отдаёт больше ${f.first}`);
    expect(f.double).toBe('1.4: 0,005 → 2,7, черёд 15');
    expect(f.topNames.split(', ').every((n) => n.startsWith('0.'))).toBe(true);
    expect(f.topPlaces).toBe('16, 16, 16, 16, 16');
    expect(f.idle).toBe('0');
    says('0,044 при настоящей цене 6,78', `— в ${f.ratio} раз`);
    expect(f.gradient).toBe('0,044 при 6,78');
  });

  it('the race', () => {
    const r = raceJson as unknown as Race;
    const f = raceFacts(r);
    for (const o of ['greedy', 'exact', 'regrad', 'example', 'token', 'norm', 'random']) {
      says(`| ${[4, 8, 10, 11, 12, 13].map((k) => f[`${o}${k}`]).join(' | ')} | ${f[`${o}Reach`]} |`);
    }
    for (const name of ['example', 'token', 'batch', 'mean']) says(f[`rho_${name}`]!.replace(/ \(.*/, ''));
    // What the text concludes: greedy gains nothing at the threshold in three models, two heads in two; and later the cliff.
    const gain = r.curves.greedy.accuracy.map((a, k) => reach(a, 0.02) - reach(r.curves.exact.accuracy[k]!, 0.02));
    expect([...gain].sort()).toEqual([0, 0, 0, 2, 2]);
    const shorter = r.curves.example.accuracy.map((a, k) => Math.sign(reach(a, 0.02) - reach(r.curves.exact.accuracy[k]!, 0.02)));
    expect([...shorter].sort((a, b) => a - b)).toEqual([-1, -1, -1, 0, 1]);
    // «у трёх моделей из пяти уже снял весь слой 1»: nothing left to answer with.
    expect(r.curves.exact.accuracy.filter((x) => x[13]! < 0.05)).toHaveLength(3);
    for (const bad of ['token', 'norm'] as const) expect(raceMiddle(r, bad, 'accuracy')[10]!).toBeLessThan(raceMiddle(r, 'random', 'accuracy')[10]!);
  });

  it('the diet', () => {
    const f = dietFacts(dietJson as unknown as Diet);
    for (const rule of ['wanda', 'magnitude', 'random', 'heads']) says(`| ${[4, 8, 10, 12].map((k) => f[`${rule}${k}`]).join(' | ')} | ${f[`${rule}Reach`]} |`);
  });

  it('the gates', () => {
    const r = gatesJson as unknown as Gates;
    const f = gatesFacts(r);
    for (const price of new Set(r.endings.map((e) => e.price))) says(`| ${ru(price, price === 0.1 || price === 0.3 ? 1 : 2)} | ${f[`alive${price}`]} | ${f[`accuracy${price}`]} |`);
    for (const set of f.again!.split(' | ')) says(set);
    const sum = (price: number): number => f[`count${price}`]!.split(', ').reduce((n, x) => n + Number(x), 0);
    says(`при λ = 0,02 из ${sum(0.02)} живого вентиля промежуточны ${f['between0.02']}`, `при 0,3 — восемь из ${sum(0.3)}`, `в медиане ${raceFacts(raceJson as unknown as Race).greedy12}`);
    expect(f['between0.3']).toBe('8');
    // Further training at no price closes no gate.
    expect(r.free.every((e) => e.gates.every((g) => g > 0))).toBe(true);
    says(`точность ${f.freeAccuracy}; цена 0,3 взяла у каждой модели ${f.price}`);
    // The head that the autopsy calls dearest outlives every price and every noise; 1.4 of the first model does not.
    const dearest = autopsyFacts(autopsyJson as unknown as Autopsy).topNames.split(', ');
    for (const price of [0.02, 0.1, 0.3]) f[`who${price}`]!.split(' | ').forEach((who, k) => expect(who.split(', ')).toContain(dearest[k]));
    const draws = [f['who0.3']!.split(' | ')[0]!, ...f.again!.split(' | ')];
    expect(draws.every((who) => who.split(', ').includes(dearest[0]!))).toBe(true);
    expect(draws.filter((who) => who.split(', ').includes('1.4'))).toHaveLength(2);
  });
});
