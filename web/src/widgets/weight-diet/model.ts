// The same share of attention weights taken out in four ways: single weights by size, by size times input, at
// random, and whole heads.
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { curve, median, short } from '../pruning/orders.ts';
import { calibration, COUNT, exam } from '../pruning/subject.ts';

export const RULES = ['wanda', 'magnitude', 'random', 'heads'] as const;
export type Rule = (typeof RULES)[number];
/** Shares that both single weights and whole heads can have. */
export const FRACTIONS = Array.from({ length: COUNT }, (_, k) => k / COUNT);
export const WORDS: Record<Rule, string> = { wanda: 'Wanda: |w|·‖x‖', magnitude: 'по модулю |w|', random: 'веса наугад', heads: 'целые головы, жадно' };

export interface Point { loss: number; accuracy: number }
export async function thin(engine: RemoteEngine, id: number, how: Exclude<Rule, 'heads'>, fraction: number, seed: number): Promise<Point> {
  return engine.maskWeights(id, { ...exam(seed), how, fraction, calibration: calibration(seed).seed });
}

/** One rule over all shares. */
export async function ask(engine: RemoteEngine, id: number, q: { rule: Rule; seed: number }, signal?: AbortSignal): Promise<Point[]> {
  if (q.rule === 'heads') {
    const c = await curve(engine, id, 'greedy', { choose: calibration(q.seed), judge: exam(q.seed), draw: 1 }, signal);
    return FRACTIONS.map((_, k) => ({ loss: c.loss[k]!, accuracy: c.accuracy[k]! }));
  }
  const points: Point[] = [];
  for (const f of FRACTIONS) {
    signal?.throwIfAborted();
    points.push(await thin(engine, id, q.rule, f, q.seed));
  }
  return points;
}

export interface Recorded { commit: string; seeds: number[]; accuracy: Record<Rule, number[][]>; loss: Record<Rule, number[][]> }
/** `heads`: the greedy curves of the removal race, which are the same calls on the same rows. */
export async function record(engine: RemoteEngine, ids: number[], seeds: number[], heads: { accuracy: number[][]; loss: number[][] }): Promise<Omit<Recorded, 'commit' | 'seeds'>> {
  const out = { accuracy: {}, loss: {} } as Omit<Recorded, 'commit' | 'seeds'>;
  for (const rule of RULES) {
    const all: Point[][] = [];
    for (const [k, id] of ids.entries())
      all.push(rule === 'heads' ? FRACTIONS.map((_, i) => ({ accuracy: heads.accuracy[k]![i]!, loss: heads.loss[k]![i]! })) : await ask(engine, id, { rule, seed: seeds[k]! }));
    out.accuracy[rule] = all.map((p) => p.map((x) => short(x.accuracy)));
    out.loss[rule] = all.map((p) => p.map((x) => short(x.loss)));
    console.log(rule, middle(out as Recorded, rule, 'accuracy'));
  }
  return out;
}
export const middle = (r: Recorded, rule: Rule, part: 'accuracy' | 'loss'): number[] => FRACTIONS.map((_, i) => median(r[part][rule].map((row) => row[i]!)));
