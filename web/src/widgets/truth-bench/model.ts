// Six ways to say which letters an answer hangs on, beside what happens to the answer when a letter is really exchanged.
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { decode, encode } from '../../kit/letters.ts';
import { mean, median, spearman } from '../../lib/statistics.ts';

export const METHODS = ['attention', 'norms', 'gradient_input', 'relevance', 'rollout', 'flow'] as const;
export type Method = (typeof METHODS)[number];
export const TRUTHS = ['exchange', 'erase'] as const;
export type Truth = (typeof TRUTHS)[number];

export const TEXT = 'музыкантмузык';
export const MAX = 32;
export const DRAWS = 8;

export interface Inputs { text: string; seed: number }
export interface Figure extends Inputs {
  /** The letter that the model writes next, and its probability: all profiles are about it. */
  answer: string;
  p: number;
  /** Fall of the answer's centred logit with another letter there, twice over, and with the embedding erased. */
  truth: number[];
  again: number[];
  erased: number[];
  methods: Record<Method, number[]>;
}

export interface Prompt { tokens: number[]; seed: number }
type Profiles = Pick<Figure, 'truth' | 'again' | 'erased' | 'methods'>;

const list = (x: ArrayLike<number>): number[] => Array.from(x);

export async function profiles(engine: RemoteEngine, model: number, { tokens, seed }: Prompt, right: number): Promise<Profiles> {
  const found = await engine.importance(model, { tokens, metric: { position: tokens.length - 1, right }, draws: DRAWS, seed });
  return {
    truth: list(found.truth), again: list(found.again), erased: list(found.erased),
    methods: Object.fromEntries(METHODS.map((m) => [m, list(found[m])])) as Record<Method, number[]>,
  };
}

/** The most probable token after `tokens`, and its probability. */
export async function answerTo(engine: RemoteEngine, model: number, tokens: number[], vocab: number): Promise<{ right: number; p: number }> {
  const { tensors } = await engine.run(model, { tokens: [tokens], capture: ['logits'] });
  const row = tensors.logits!.data.subarray((tokens.length - 1) * vocab);
  const top = row.reduce((best, x, v) => (x > (row[best] as number) ? v : best), 0);
  const sum = row.reduce((s, x) => s + Math.exp(x - (row[top] as number)), 0);
  return { right: top, p: 1 / sum };
}

export async function ask(engine: RemoteEngine, model: number, vocab: number, { text, seed }: Inputs): Promise<Figure> {
  const tokens = encode(text);
  const { right, p } = await answerTo(engine, model, tokens, vocab);
  return { text, seed, answer: decode([right]), p, ...(await profiles(engine, model, { tokens, seed }, right)) };
}

export const truthOf = (f: Pick<Figure, 'truth' | 'erased'>, truth: Truth): number[] => (truth === 'exchange' ? f.truth : f.erased);
export const agreement = (f: Profiles, method: Method, truth: Truth): number => spearman(f.methods[method], truthOf(f, truth));
/** How far the truth agrees with itself on other draws. A faultless method could reach about its square root: only one side would be noisy. */
export const ceiling = (f: Profiles): number => spearman(f.again, f.truth);
/** Does the first of one order stand first in the other? */
export const sameTop = (a: readonly number[], b: readonly number[]): boolean => a.indexOf(Math.max(...a)) === b.indexOf(Math.max(...b));

export { median };

export interface Score { rho: number; top: number }
/** Means over the prompts of one model. */
export interface Row {
  seed: number;
  accuracy: number;
  ceiling: Score;
  /** The two truths with one another. */
  truths: Score;
  exchange: Record<Method, Score>;
  erase: Record<Method, Score>;
}
export interface Recorded {
  commit: string;
  prompts: number;
  length: number;
  rows: Row[];
  figure: Figure;
}

const score = (pairs: readonly (readonly [number[], number[]])[]): Score => ({
  rho: mean(pairs.map(([a, b]) => spearman(a, b))),
  top: mean(pairs.map(([a, b]) => Number(sameTop(a, b)))),
});

export function summarise(found: readonly Profiles[]): Omit<Row, 'seed' | 'accuracy'> {
  const against = (truth: Truth): Record<Method, Score> =>
    Object.fromEntries(METHODS.map((m) => [m, score(found.map((f) => [f.methods[m], truthOf(f, truth)]))])) as Record<Method, Score>;
  return {
    ceiling: score(found.map((f) => [f.again, f.truth])),
    truths: score(found.map((f) => [f.erased, f.truth])),
    exchange: against('exchange'), erase: against('erase'),
  };
}


/** A profile on the common axis: its largest magnitude is 1. */
export function scaled(profile: readonly number[]): number[] {
  const top = Math.max(1e-12, ...profile.map(Math.abs));
  return profile.map((x) => x / top);
}
