// The head laid open: what to ask the engine, and how every number of one cell follows from the ones before it.
import type { HeadScores, RemoteEngine } from '../../../../wasm/client/types.ts';
import { decode, encode } from '../../kit/letters.ts';
import { headMap, headMatrices, headRows, headWidth, matmul, softmax, type Specimen } from '../specimen/specimen.ts';

export const TEXT = 'республикареспубли';
export const MAX = 48;

export interface Inputs {
  text: string;
  layer: number;
  head: number;
}

export interface Figure extends Inputs {
  /** d */
  width: number;
  /** [T, d] each; z = A V. */
  q: ArrayLike<number>;
  k: ArrayLike<number>;
  v: ArrayLike<number>;
  z: ArrayLike<number>;
  /** [T, T]: scaled scores (0 where the mask closes the key) and weights. */
  scores: ArrayLike<number>;
  weights: ArrayLike<number>;
  /** [T]: length of v_s W_O, what position s would write if it had all the weight. */
  sizes: ArrayLike<number>;
  /** maps[layer][head], [T, T]. */
  maps: ArrayLike<number>[][];
  /** What the model would write next, likeliest first. */
  next: { letter: string; p: number }[];
  /** What the head does on random repeats, beside what uniform attention would score there. */
  role: Role;
}

export interface Role {
  previous: number;
  induction: number;
  uniform: { previous: number; induction: number };
}

/** The protocol of `attn heads`: 32 sequences of 24 random letters, repeated once, seed 1. */
export const PROTOCOL = { batch: 32, half: 24, seed: 1 };
let measured: { id: number; scores: Promise<{ heads: HeadScores[]; baseline: HeadScores }> } | undefined;

export async function role(engine: RemoteEngine, m: Specimen, layer: number, head: number): Promise<Role> {
  if (measured?.id !== m.id) measured = { id: m.id, scores: Promise.resolve(engine.headScores(m.id, PROTOCOL)) };
  const { heads, baseline } = await measured.scores.catch((reason: unknown) => {
    measured = undefined;
    throw reason;
  });
  const own = heads.find((h) => h.layer === layer && h.head === head);
  if (!own) throw new Error(`no head ${layer}.${head}`);
  return { previous: own.previous, induction: own.induction, uniform: { previous: baseline.previous, induction: baseline.induction } };
}

export async function ask(engine: RemoteEngine, m: Specimen, { text, layer, head }: Inputs): Promise<Figure> {
  const ids = encode(text);
  const T = ids.length;
  const { layers, heads } = m.info.config;
  const at = (name: string): string => `blocks.${layer}.attn.${name}`;
  const patterns = Array.from({ length: layers }, (_, l) => `blocks.${l}.attn.pattern`);
  const { tensors } = await engine.run(m.id, { tokens: [ids], capture: [at('q'), at('k'), at('v'), at('z'), at('attn_scores'), ...patterns, 'logits'] });
  const get = (name: string) => {
    const found = tensors[name];
    if (!found) throw new Error(`the engine sent no ${name}`);
    return found;
  };
  const rows = (name: string): Float32Array => headRows(get(at(name)), head);
  const maps = patterns.map((name) => Array.from({ length: heads }, (_, h) => headMap(get(name), h)));
  const V = m.info.config.vocab;
  const v = rows('v');
  return {
    text, layer, head, width: headWidth(m),
    q: rows('q'), k: rows('k'), v, z: rows('z'),
    scores: headMap(get(at('attn_scores')), head).map((x) => (Number.isFinite(x) ? x : 0)),
    weights: maps[layer]![head]!,
    sizes: writeSizes(m, { layer, head }, v),
    maps,
    role: await role(engine, m, layer, head),
    next: likeliest(softmax(get('logits').data.subarray((T - 1) * V, T * V))),
  };
}

/** |v_s W_O| for every position. */
export function writeSizes(m: Specimen, ref: { layer: number; head: number }, v: ArrayLike<number>): number[] {
  const { o } = headMatrices(m.weights, ref);
  const written = matmul({ rows: v.length / o.rows, cols: o.rows, data: Float64Array.from(v) }, o);
  return Array.from({ length: written.rows }, (_, s) => Math.hypot(...written.data.subarray(s * o.cols, (s + 1) * o.cols)));
}

export function likeliest(p: readonly number[], count = 5): Figure['next'] {
  return p.map((value, i) => ({ letter: decode([i]), p: value })).sort((a, b) => b.p - a.p).slice(0, count);
}

/** [T, T]: weight times the length of what is carried, |A_ts v_s W_O|. */
export function contributions(f: Pick<Figure, 'weights' | 'sizes'>): Float32Array {
  const T = f.sizes.length;
  return Float32Array.from({ length: T * T }, (_, i) => (f.weights[i] as number) * (f.sizes[i % T] as number));
}

export interface Cell { row: number; col: number }

/** The cell shown at rest: the last letter's brightest key. */
export function brightest(f: Pick<Figure, 'weights' | 'text'>, row = Array.from(f.text).length - 1): Cell {
  const T = Array.from(f.text).length;
  let col = 0;
  for (let s = 1; s <= row; s += 1) if ((f.weights[row * T + s] as number) > (f.weights[row * T + col] as number)) col = s;
  return { row, col };
}

export interface Explanation extends Cell {
  masked: boolean;
  /** q_i, k_i and their product, i = 0…d-1. */
  terms: { q: number; k: number; product: number }[];
  dot: number;
  score: number;
  top: number;
  exponent: number;
  sum: number;
  weight: number;
  size: number;
  contribution: number;
}

/** «Почему это число»: from the query and the key to the weight, in the order in which the core computes it. */
export function explain(f: Figure, { row, col }: Cell): Explanation {
  const d = f.width;
  const T = f.text.length;
  const terms = Array.from({ length: d }, (_, i) => {
    const [q, k] = [f.q[row * d + i] as number, f.k[col * d + i] as number];
    return { q, k, product: q * k };
  });
  const dot = terms.reduce((sum, t) => sum + t.product, 0);
  const visible = Array.from({ length: row + 1 }, (_, s) => f.scores[row * T + s] as number);
  const top = Math.max(...visible);
  const sum = visible.reduce((total, z) => total + Math.exp(z - top), 0);
  const masked = col > row;
  const score = dot / Math.sqrt(d);
  const exponent = masked ? 0 : Math.exp(score - top);
  const weight = exponent / sum;
  const size = f.sizes[col] as number;
  return { row, col, masked, terms, dot, score, top, exponent, sum, weight, size, contribution: weight * size };
}
