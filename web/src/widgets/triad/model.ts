// Ablate, patch, prune: any set of heads on any string, what changed in the answer and in the loss at every place.
import type { HeadRef, RemoteEngine } from '../../../../wasm/client/types.ts';
import { decode, encode } from '../../kit/letters.ts';

export const HOWS = ['zero', 'mean', 'patch'] as const;
export type How = (typeof HOWS)[number];
export const TEXT = 'музыкантмузыкантмузык';
export const TWIN = 'музыоантмузыкантмузык';
export const MAX = 40;
export const TOP = 5;

export interface Inputs {
  text: string;
  /** Whose heads speak when they are patched. */
  twin: string;
  heads: HeadRef[];
  how: How;
  /** Prune: everything but the chosen heads is worked on. */
  keep: boolean;
}
export interface Figure extends Inputs {
  /** Loss of predicting the letter at place i + 2, counting from 1. */
  before: number[];
  after: number[];
  /** The likeliest letters after the string, before; centred logits of both. */
  next: { letter: string; before: number; after: number; p: number; pAfter: number }[];
  /** What the changed model writes. */
  now: string;
  /** Mean loss where the repeat determines the letter, NaN if nowhere. */
  whole: number;
  cut: number;
  /** Growth of that loss when one head alone is worked on, layer by layer. */
  alone: number[];
}

export const same = (a: HeadRef, b: HeadRef): boolean => a.layer === b.layer && a.head === b.head;
/** The heads that are worked on: the chosen, or all the others. */
export function touched(chosen: readonly HeadRef[], keep: boolean, layers: number, heads: number): HeadRef[] {
  if (!keep) return [...chosen];
  return Array.from({ length: layers * heads }, (_, i) => ({ layer: Math.floor(i / heads), head: i % heads })).filter((h) => !chosen.some((c) => same(c, h)));
}

/** Places (0-based) whose letter the text so far determines: what stood after the last earlier letter like the one before. */
export function determined(tokens: readonly number[]): number[] {
  const out: number[] = [];
  for (let t = 1; t < tokens.length; t += 1) {
    const s = tokens.slice(0, t - 1).lastIndexOf(tokens[t - 1]!);
    if (s >= 0 && s + 1 < t && tokens[s + 1] === tokens[t]) out.push(t);
  }
  return out;
}

export interface Reading { losses: number[]; logits: number[]; p: number[] }
/** From logits [1, T, V]: the loss at every place but the first, and the last row, its logits centred. */
export function read(logits: ArrayLike<number>, vocab: number, tokens: readonly number[]): Reading {
  const row = (t: number): number[] => Array.from({ length: vocab }, (_, v) => logits[t * vocab + v] as number);
  const logSum = (x: readonly number[]): number => {
    const top = Math.max(...x);
    return top + Math.log(x.reduce((s, v) => s + Math.exp(v - top), 0));
  };
  const losses = tokens.slice(1).map((next, t) => {
    const x = row(t);
    return logSum(x) - x[next]!;
  });
  const last = row(tokens.length - 1);
  const [mean, all] = [last.reduce((a, b) => a + b, 0) / vocab, logSum(last)];
  return { losses, logits: last.map((x) => x - mean), p: last.map((x) => Math.exp(x - all)) };
}

const mean = (x: readonly number[]): number => x.reduce((a, b) => a + b, 0) / x.length;

export async function ask(engine: RemoteEngine, m: { id: number; layers: number; heads: number; vocab: number }, inputs: Inputs): Promise<Figure> {
  const tokens = encode(inputs.text);
  const work = async (heads: HeadRef[]): Promise<[Reading, Reading]> => {
    const { before, after } = await engine.intervene(m.id, { tokens, heads, how: inputs.how, ...(inputs.how === 'patch' && { other: encode(inputs.twin) }) });
    return [read(before.data, m.vocab, tokens), read(after.data, m.vocab, tokens)];
  };
  const [a, b] = await work(touched(inputs.heads, inputs.keep, m.layers, m.heads));
  const order = a.logits.map((_, v) => v).sort((x, y) => a.logits[y]! - a.logits[x]!);
  const places = determined(tokens);
  const repeat = (r: Reading): number => mean(places.map((t) => r.losses[t - 1]!));
  const alone: number[] = [];
  for (const head of touched([], true, m.layers, m.heads)) alone.push(repeat((await work([head]))[1]) - repeat(a));
  return {
    ...inputs, before: a.losses, after: b.losses,
    next: order.slice(0, TOP).map((v) => ({ letter: decode([v]), before: a.logits[v]!, after: b.logits[v]!, p: a.p[v]!, pAfter: b.p[v]! })),
    now: decode([b.logits.indexOf(Math.max(...b.logits))]),
    whole: repeat(a), cut: repeat(b), alone,
  };
}

/** Places are counted from 1, as readers count letters. */
export const points = (curve: readonly number[]): [number, number][] => curve.map((y, i) => [i + 2, y]);
export const names = (heads: readonly HeadRef[]): string => heads.map((h) => `${h.layer}.${h.head}`).join(', ');
