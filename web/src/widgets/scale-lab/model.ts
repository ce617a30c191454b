// Sixteen keys, one query, numbers drawn at random: what 1/√d does to the softmax, and what happens when exp overflows.
import type { RemoteEngine } from '../../../../wasm/client/types.ts';

export const WIDTHS = [4, 8, 16, 32, 64, 128, 256] as const;
export const KEYS = 16;
/** Groups of 16 queries over 16 keys: 96 · 16 rows a width. */
export const GROUPS = 96;

export interface Inputs { d: number; factor: number; seed: number }
export interface Row { d: number; scaled: Stats; plain: Stats }
export interface Stats { top: number; entropy: number }
export interface Figure extends Inputs {
  table: Row[];
  /** One query of width d: scores as they come, and the weights the core makes of them. */
  example: { scores: number[]; scaled: number[]; plain: number[] };
}

/** Mulberry32 and Box–Muller: N(0, 1), the same for everyone with the same seed. */
export function normals(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4294967296;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

export function stats(pattern: ArrayLike<number>): Stats {
  const rows = pattern.length / KEYS;
  let [top, entropy] = [0, 0];
  for (let r = 0; r < rows; r += 1) {
    let most = 0;
    for (let s = 0; s < KEYS; s += 1) {
      const a = pattern[r * KEYS + s] as number;
      most = Math.max(most, a);
      if (a > 0) entropy -= a * Math.log(a);
    }
    top += most;
  }
  return { top: top / rows, entropy: entropy / rows };
}

/** The core's own attention on given queries and keys: a layer whose q and k are replaced. [GROUPS, T, T] */
async function patterns(engine: RemoteEngine, d: number, scale: number, q: Float32Array, k: Float32Array): Promise<{ pattern: Float32Array; scores: Float32Array }> {
  const { id } = await engine.createModel({ kind: 'encoder', vocab: 2, context: KEYS, layers: 1, width: 4, heads: 1, head_width: d, norm: 'none', position: 'none', scale }, 1);
  const shape = [GROUPS, KEYS, 1, d];
  const tokens = Array.from({ length: GROUPS }, () => new Array<number>(KEYS).fill(0));
  const names = ['blocks.0.attn.pattern', 'blocks.0.attn.attn_scores'] as const;
  try {
    const { tensors } = await engine.run(id, { tokens, capture: [...names], replace: [{ name: 'blocks.0.attn.q', value: { shape, data: q } }, { name: 'blocks.0.attn.k', value: { shape, data: k } }] });
    return { pattern: tensors[names[0]]!.data, scores: tensors[names[1]]!.data };
  } finally {
    await engine.disposeModel(id);
  }
}

export async function ask(engine: RemoteEngine, { d, factor, seed }: Inputs): Promise<Figure> {
  const next = normals(seed);
  const table: Row[] = [];
  let example: Figure['example'] = { scores: [], scaled: [], plain: [] };
  for (const width of WIDTHS) {
    const draw = (): Float32Array => Float32Array.from({ length: GROUPS * KEYS * width }, next);
    const [q, k] = [draw(), draw()];
    const scaled = await patterns(engine, width, factor / Math.sqrt(width), q, k);
    const plain = await patterns(engine, width, factor, q, k);
    table.push({ d: width, scaled: stats(scaled.pattern), plain: stats(plain.pattern) });
    if (width === d) example = { scores: Array.from(plain.scores.subarray(0, KEYS)), scaled: Array.from(scaled.pattern.subarray(0, KEYS)), plain: Array.from(plain.pattern.subarray(0, KEYS)) };
  }
  return { d, factor, seed, table, example };
}

/** exp without subtracting the largest score, in single precision: what the textbook formula does literally. */
export function naive(scores: readonly number[]): { exps: number[]; sum: number; weights: number[] } {
  const exps = scores.map((z) => Math.fround(Math.exp(Math.fround(z))));
  const sum = exps.reduce((a, e) => Math.fround(a + e), 0);
  return { exps, sum, weights: exps.map((e) => Math.fround(e / sum)) };
}
/** Above this exp overflows in float32. */
export const LIMIT = Math.log(3.4028234663852886e38);
