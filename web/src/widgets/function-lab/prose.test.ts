// The numbers that chapter 14 prints are those that its widgets recorded: each is formatted here and looked for in the text.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fixed, ru } from '../../kit/fmt';
import { blindBound, oneExampleBound, type Recorded } from './model';
import json from './recording.json';

const r = json as unknown as Recorded;
const read = (path: string): string => readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8').replace(/[\s\u00a0\u202f]+/g, ' ');
const text = read('chapters/14-large-models/index.mdx');
const says = (...words: string[]): void => { for (const w of words) expect(text.includes(w.replace(/\u00a0/g, ' ')), `the chapter should say «${w}»`).toBe(true); };
const range = (x: readonly number[]): string => `${ru(Math.min(...x), 2)}–${ru(Math.max(...x), 2)}`;
const best = (x: readonly number[]): number => Math.max(...x);

describe('«Вектор функции»', () => {
  it('opens with what the shipped model does', () => {
    const one = r.seeds[0]!;
    says(`верных ответов ${ru(one.top[0]!, 2)}`, `поднимает их до ${ru(one.top[3]!, 2)}`);
    expect(best(one.top)).toBeLessThan(0.5);
    for (const x of r.seeds) expect(x.demos[3]).toBeGreaterThan(0.95);
  });
  it('confirms the direction and refutes the size', () => {
    const at = (key: 'top' | 'bottom', k: number): number[] => r.seeds.map((x) => x[key][k]!);
    says(`Вместе они дают ${range(at('top', 4))}`, `точность роняют, до ${range(at('bottom', 4))} при ${ru(blindBound(r.figure.functions), 2)} без вмешательства`);
    const highest = r.seeds.map((x) => best(x.top));
    const adding = r.seeds.map((x) => best(x.added[1]!));
    says('у двух моделей выше подстановки, у трёх не выше');
    expect(adding.filter((a, i) => a > highest[i]!)).toHaveLength(2);
    says(`от ${ru(Math.min(...highest), 2)} до ${ru(Math.max(...highest), 2)}`, `в лучшем случае ${range(r.seeds.map((x) => best(x.added[1]!)))}`);
    for (const x of r.seeds) expect([...x.order.slice(0, 4)].sort()).toEqual([4, 5, 6, 7]); // layer 1
    says(`${range(r.seeds.map((x) => best(x.aie)))} вероятности у сильнейшей`, `(${range(r.seeds.map((x) => x.mixed))} верных)`);
    for (const x of r.seeds) expect(x.mixed).toBeLessThan(x.demos[0]!);
  });
  it('prints what the vector does against examples', () => {
    says(`верных по показанному остаётся ${range(r.seeds.map((x) => x.keeps[4]!))} вместо ${range(r.seeds.map((x) => x.keeps[0]!))}`, `по вложенному становится ${range(r.seeds.map((x) => x.wins[4]!))}`);
  });
  it('tells the function from the function of a letter', () => {
    const of = (k: number): number[] => r.seeds.map((x) => x.letter[k]!);
    for (const x of of(8)) expect(ru(x, 2)).toBe('1,00');
    says(`головы хватает на ${range(of(1))}, двух — на ${range(of(2))}, трёх — на ${range(of(3))}`, `даёт ${range(r.seeds.map((x) => x.top[3]!))}`);
    const sum = (k: number): string => range(r.seeds.map((x) => x.sum[k]!));
    says(`Три головы дают ${sum(3)}, все восемь — ${sum(8)}`, `чистая функция прибавляет ${range(r.seeds.map((x) => x.top[3]! - x.top[0]!))} точности`, 'буква сама по себе — почти ничего', `на этой букве, — ещё ${range(r.seeds.map((x) => x.letter[3]! - x.sum[3]!))}.`);
    for (const x of r.seeds) expect(Math.abs(x.sum[3]! - x.top[3]!)).toBeLessThan(0.08);
  });
  it('prints where the upper heads look', () => {
    const share = (i: number): string => range(r.seeds.flatMap((x) => x.shares.slice(4).map((s) => s[i]!)));
    says(`${share(2)} веса лежит на *заменах*, ${share(1)} — на буквах`, `лишь ${share(0)} на метке начала`, 'до двух с половиной раз');
    const apart = r.seeds.map((x) => best(x.aie.slice(4)) / Math.min(...x.aie.slice(4)));
    expect(best(apart)).toBeGreaterThan(2.3);
    expect(best(apart)).toBeLessThan(2.6);
  });
});

it('the card of the model says what the recording says', () => {
  const card = read('models/functions-2l/README.md');
  const { demos, order, top, letter } = r.seeds[0]!;
  const three = (x: number): string => fixed(x, 3);
  expect(card).toContain(`| right | ${[0, 1, 2, 3, 5, 8].map((n) => three(demos[n]!)).join(' | ')} |`);
  expect(card).toContain(`heads by AIE are ${order.slice(0, 2).map((h) => `${h >> 2}.${h % 4}`).join(', ')} and ${order[2]! >> 2}.${order[2]! % 4}`);
  expect(card).toContain(`${three(top[3]!)} are right; with the means of the same letter, ${three(letter[3]!)}`);
  expect(card).toContain(`is right in ${three(blindBound(r.figure.functions))} of the cases. After one example the best possible is ${three(oneExampleBound(r.figure.functions))}`);
});
