// Labels and contents: the keys of two places change hands, or their values do, or both. Everything else stays.
import type { RemoteEngine, RunRequest, TensorData } from '../../../../wasm/client/types.ts';
import { decode, encode } from '../../kit/letters.ts';
import { headMap, softmax } from '../specimen/specimen.ts';

export const TEXT = 'республикареспубли';
export const MAX = 24;
export const LAYER = 1;
/** Which side of the two places is exchanged, in every head of the layer. */
export const SWAPS = ['none', 'v', 'k', 'kv'] as const;
export type Swap = (typeof SWAPS)[number];

/** The row of one head at the last place, and what the model would write next. */
export interface Outcome {
  row: number[];
  next: { letter: string; p: number }[];
  /** Probability of the letters that stand at the two places. */
  pa: number;
  pb: number;
}
export interface Figure {
  text: string;
  /** The place the head reads, and the place it changes hands with. */
  a: number;
  b: number;
  head: number;
  outcomes: Record<Swap, Outcome>;
}
export interface Inputs { text: string; b: number }

/** Rows i and j of a captured [B, T, H, d] exchanged, in every head of one sequence. */
export function exchanged(t: TensorData, i: number, j: number, sequence = 0): TensorData {
  const [, T, H, d] = t.shape as [number, number, number, number];
  const data = t.data.slice();
  const at = (place: number): number => (sequence * T + place) * H * d;
  data.set(t.data.subarray(at(j), at(j) + H * d), at(i));
  data.set(t.data.subarray(at(i), at(i) + H * d), at(j));
  return { shape: t.shape, data };
}

const site = (what: string): string => `blocks.${LAYER}.attn.${what}`;
/** What a run is asked to replace, from the keys and values of the run that changes nothing. */
export const replacements = (swap: Swap, k: TensorData, v: TensorData): NonNullable<RunRequest['replace']> =>
  [...(swap.includes('k') ? [{ name: site('k'), value: k }] : []), ...(swap.includes('v') ? [{ name: site('v'), value: v }] : [])];

/** The brightest cell of the last row over all heads: that head reads, and there. */
export function reader(pattern: TensorData): { head: number; place: number } {
  const [, H, T] = pattern.shape as [number, number, number];
  let best = { head: 0, place: 0, weight: -1 };
  for (let head = 0; head < H; head += 1) {
    const row = headMap(pattern, head).subarray((T - 1) * T);
    row.forEach((weight, place) => { if (weight > best.weight) best = { head, place, weight }; });
  }
  return best;
}

/** A partner whose letter differs from the one read: the asked place if it will do, else the nearest that does. */
export function partner(ids: readonly number[], a: number, asked: number): number {
  const will = (b: number): boolean => b >= 0 && b < ids.length - 1 && b !== a && ids[b] !== ids[a];
  if (will(asked)) return asked;
  for (let step = 1; step < ids.length; step += 1) for (const b of [asked - step, asked + step]) if (will(b)) return b;
  return a === 0 ? Math.min(1, ids.length - 1) : 0;
}

export async function ask(engine: RemoteEngine, model: number, { text, b: asked }: Inputs): Promise<Figure> {
  const ids = encode(text).slice(0, MAX);
  const T = ids.length;
  const base = (await engine.run(model, { tokens: [ids], capture: [site('k'), site('v'), site('pattern'), 'logits'] })).tensors;
  const { head, place: a } = reader(base[site('pattern')]!);
  const b = partner(ids, a, asked);
  const [k, v] = [exchanged(base[site('k')]!, a, b), exchanged(base[site('v')]!, a, b)];
  const outcomes = {} as Figure['outcomes'];
  for (const swap of SWAPS) {
    const seen = swap === 'none' ? base : (await engine.run(model, { tokens: [ids], capture: [site('pattern'), 'logits'], replace: replacements(swap, k, v) })).tensors;
    const logits = seen['logits']!;
    const V = logits.shape[2]!;
    const p = softmax(logits.data.subarray((T - 1) * V, T * V));
    const order = p.map((_, i) => i).sort((x, y) => p[y]! - p[x]!);
    outcomes[swap] = {
      row: Array.from(headMap(seen[site('pattern')]!, head).subarray((T - 1) * T)),
      next: order.slice(0, 3).map((i) => ({ letter: decode([i]), p: p[i]! })), pa: p[ids[a]!]!, pb: p[ids[b]!]!,
    };
  }
  return { text: decode(ids), a, b, head, outcomes };
}

/** Over a batch of the task: how often the letter of either place is the model's first choice, and where the head looks. */
export interface Tally { a: number; b: number; looksA: number; looksB: number; changed: number }
export type Tallies = Record<Swap, Tally>;

/** One sequence at a time: every sequence has its own pair of places. `pick` draws the partner. */
export async function tally(engine: RemoteEngine, model: number, batch: { tokens: number[][]; match: number[][] }, pick: (n: number) => number): Promise<Tallies> {
  const sums = Object.fromEntries(SWAPS.map((s) => [s, { a: 0, b: 0, looksA: 0, looksB: 0, changed: 0 }])) as Tallies;
  let rows = 0;
  for (const [n, ids] of batch.tokens.entries()) {
    const T = ids.length;
    const a = batch.match[n]![T - 1]! + 1;
    if (a < 1 || a >= T - 1) continue;
    const b = partner(ids, a, pick(T - 1));
    const base = (await engine.run(model, { tokens: [ids], capture: [site('k'), site('v'), site('pattern'), 'logits'] })).tensors;
    const { head } = reader(base[site('pattern')]!);
    const [k, v] = [exchanged(base[site('k')]!, a, b), exchanged(base[site('v')]!, a, b)];
    const before = headMap(base[site('pattern')]!, head).subarray((T - 1) * T);
    rows += 1;
    for (const swap of SWAPS) {
      const seen = swap === 'none' ? base : (await engine.run(model, { tokens: [ids], capture: [site('pattern'), 'logits'], replace: replacements(swap, k, v) })).tensors;
      const V = seen['logits']!.shape[2]!;
      const logits = seen['logits']!.data.subarray((T - 1) * V, T * V);
      const top = logits.indexOf(Math.max(...logits));
      const row = headMap(seen[site('pattern')]!, head).subarray((T - 1) * T);
      const sum = sums[swap];
      sum.a += top === ids[a] ? 1 : 0;
      sum.b += top === ids[b] ? 1 : 0;
      sum.looksA += row[a]!;
      sum.looksB += row[b]!;
      sum.changed = Math.max(sum.changed, ...row.map((x, i) => Math.abs(x - before[i]!)));
    }
  }
  for (const sum of Object.values(sums)) for (const key of ['a', 'b', 'looksA', 'looksB'] as const) sum[key] /= rows;
  return sums;
}

export interface Recorded { commit: string; seed: number; figure: Figure }
