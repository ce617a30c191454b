// Every head examined by tests that do not agree, and what each verdict rests on.
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { ascending, headAt, ranks, short } from '../pruning/orders.ts';
import { COUNT, exam } from '../pruning/subject.ts';

/** Rows of the examination: heads leave one by one on them, sixteen times over. */
export const AUTOPSY_ROWS = 16;

export interface Head {
  /** Rise of the loss without it alone: output at zero, at its mean. */
  zero: number;
  mean: number;
  /** First-order importance, per sequence and per token. */
  example: number;
  token: number;
  /** Rise of the loss when its turn comes in greedy removal, and which turn that is (1 … 16). */
  turn: number;
  place: number;
  /** Mean length of what it writes where the answer is determined, and elsewhere. */
  asked: number;
  other: number;
  /** Mean attention on random repeats to the first token, the previous one, the one after an earlier copy. */
  first: number;
  previous: number;
  induction: number;
}
export interface Figure { loss: number; accuracy: number; heads: Head[] }

export async function ask(engine: RemoteEngine, id: number, seed: number, signal?: AbortSignal): Promise<Figure> {
  const on = exam(seed, AUTOPSY_ROWS);
  const f = await engine.headImportance(id, { ...on, mean: true, writes: true });
  const { heads: scores } = await engine.headScores(id, { batch: 16, half: 24, seed: 1 });
  const gone: number[] = [], turn = new Array<number>(COUNT);
  let prices: ArrayLike<number> = f.zero!.data;
  while (gone.length < COUNT) {
    signal?.throwIfAborted();
    if (gone.length > 0) prices = (await engine.headImportance(id, { ...on, gone: gone.map(headAt), gradient: false, zero: true })).zero!.data;
    const next = ascending(prices).find((i) => !gone.includes(i))!;
    turn[next] = prices[next]!;
    gone.push(next);
  }
  const heads = scores.map((s, i): Head => ({
    zero: f.zero!.data[i]!, mean: f.mean!.data[i]!, example: f.example!.data[i]!, token: f.token!.data[i]!,
    turn: turn[i]!, place: gone.indexOf(i) + 1, asked: f.asked!.data[i]!, other: f.other!.data[i]!, first: s.first, previous: s.previous, induction: s.induction,
  }));
  return { loss: f.loss, accuracy: f.accuracy, heads };
}

export type Verdict = 'alive' | 'useless' | 'doubled';
/** At a price ε: alive if its loss alone costs more; useless if it stays cheap when its turn comes; else doubled. */
export const verdict = (h: Head, epsilon: number): Verdict => (h.zero > epsilon ? 'alive' : h.turn > epsilon ? 'doubled' : 'useless');
/** Quiet on a part of the text: what it writes there is under a quarter of what it writes elsewhere. */
export const idle = (h: Head): boolean => Math.min(h.asked, h.other) < 0.25 * Math.max(h.asked, h.other);
/** How many places a cheaper test puts each head above (+) or below (−) where ablation does. */
export function misplaced(f: Figure, by: 'example' | 'token' | 'mean'): number[] {
  const [a, b] = [ranks(f.heads.map((h) => h[by])), ranks(f.heads.map((h) => h.zero))];
  return a.map((r, i) => r - b[i]!);
}
export const count = (f: Figure, epsilon: number, what: Verdict): number => f.heads.filter((h) => verdict(h, epsilon) === what).length;

export const KEYS = ['zero', 'mean', 'example', 'token', 'turn', 'place', 'asked', 'other', 'first', 'previous', 'induction'] as const;
export interface Recorded { commit: string; seeds: number[]; figures: { loss: number; accuracy: number; heads: number[][] }[] }
export const unpack = (r: Recorded['figures'][number]): Figure => ({
  ...r, heads: r.heads.map((row) => Object.fromEntries(KEYS.map((k, i) => [k, row[i]!])) as unknown as Head),
});
export const pack = (f: Figure): Recorded['figures'][number] => ({ loss: short(f.loss), accuracy: short(f.accuracy), heads: f.heads.map((h) => KEYS.map((key) => short(h[key]))) });
export async function record(engine: RemoteEngine, ids: number[], seeds: number[]): Promise<Omit<Recorded, 'commit' | 'seeds'>> {
  const figures: Recorded['figures'] = [];
  for (const [k, id] of ids.entries()) {
    const f = await ask(engine, id, seeds[k]!);
    figures.push(pack(f));
    console.log(seeds[k], 'loss', f.loss, 'alive/doubled/useless at 0.02:', count(f, 0.02, 'alive'), count(f, 0.02, 'doubled'), count(f, 0.02, 'useless'), 'idle', f.heads.filter(idle).length);
    console.table(f.heads.map((h) => Object.fromEntries(KEYS.map((key) => [key, short(h[key])]))));
  }
  return { figures };
}
export const overSeeds = (r: Recorded, epsilon: number, what: Verdict): number[] => r.figures.map((f) => count(unpack(f), epsilon, what));
