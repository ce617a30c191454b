// A target pattern over sixteen tokens, and free queries and keys of width d that try to become it.
import type { RemoteEngine } from '../../../../wasm/client/types';
import { mulberry, shuffled } from '../../lib/random';

export const TOKENS = 16;
export const WIDTHS = [1, 2, 3, 4, 6, 8, 10, 12, 14, 15, 16] as const;
export const KINDS = ['soft', 'permutation', 'blocks'] as const;
export type Kind = (typeof KINDS)[number];

/** [16, 16], rows are distributions. soft: softmax of N(0, 2²) scores; blocks: the mean over four scattered groups. */
export function target(kind: Kind, seed: number): Float32Array {
  const [n, next] = [TOKENS, mulberry(seed * 7919 + KINDS.indexOf(kind))];
  const p = new Float32Array(n * n);
  if (kind === 'permutation') shuffled(n, next).forEach((j, i) => (p[i * n + j] = 1));
  else if (kind === 'blocks') {
    const group = new Array<number>(n);
    shuffled(n, next).forEach((token, k) => (group[token] = k % 4));
    for (let i = 0; i < n; i += 1) for (let j = 0; j < n; j += 1) p[i * n + j] = group[i] === group[j] ? 0.25 : 0;
  } else {
    for (let i = 0; i < n; i += 1) {
      const scores = Array.from({ length: n }, () => 2 * Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()));
      const top = Math.max(...scores);
      const sum = scores.reduce((t, x) => t + Math.exp(x - top), 0);
      scores.forEach((x, j) => (p[i * n + j] = Math.exp(x - top) / sum));
    }
  }
  return p;
}

export interface Fit { pattern: Float32Array; divergence: number; scale: number }

export async function fit(engine: RemoteEngine, kind: Kind, seed: number, width: number): Promise<Fit> {
  const { pattern, divergence, scale } = await engine.fitPattern(target(kind, seed), TOKENS, { width, seed });
  return { pattern: pattern.data, divergence: Math.max(0, divergence), scale };
}

export interface Recorded {
  commit: string;
  seeds: number[];
  /** Divergence [width][seed] and loudness, for the widths of WIDTHS. */
  curves: { kind: Kind; divergence: number[][]; scale: number[][] }[];
  /** The figure at rest: soft, seed 1, d = 4. */
  pattern: number[];
}

const middle = (xs: readonly number[]): number => [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 2)]!;
export const FLOOR = 1e-6;
/** Median over the seeds, for a logarithmic axis: what is below one millionth is drawn there. */
export const median = (rows: readonly (readonly number[])[]): [number, number][] => rows.map((r, i) => [WIDTHS[i]!, Math.max(FLOOR, middle(r))]);
/** The smallest recorded width whose worst seed stays below `limit`; null: none does. */
export function enough(rows: readonly (readonly number[])[], limit: number): number | null {
  const i = rows.findIndex((r) => Math.max(...r) < limit);
  return i < 0 ? null : WIDTHS[i]!;
}
