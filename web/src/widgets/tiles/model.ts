// Exact attention, tile by tile: what crosses to the fast memory, and what of it the answer notices.
import type { RemoteEngine, Tiled } from '../../../../wasm/client/types';

export const TOKENS = 256;
export const WIDTH = 32;
export const SIZES = [4, 8, 16, 32, 64, 128, 256] as const;
export const ORDERS = ['random', 'rising', 'falling'] as const;
export type Order = (typeof ORDERS)[number];
export interface Inputs { queries: number; keys: number; order: Order; seed: number }
export interface Figure extends Inputs {
  error: number;
  traffic: number;
  untiled: number;
  rescales: number;
  mean: number;
  /** Of the first query, after each tile. */
  maximum: number[];
  denominator: number[];
}

const short = (xs: Iterable<number>): number[] => Array.from(xs, (x) => Number(x.toPrecision(5)));
export function figureOf(q: Inputs, r: Tiled): Figure {
  return { ...q, error: r.error, traffic: r.traffic, untiled: r.untiled, rescales: r.rescales, mean: r.mean_rescales, maximum: short(r.maximum), denominator: short(r.denominator) };
}
export async function ask(engine: Pick<RemoteEngine, 'tiledAttention'>, { queries, keys, order, seed }: Inputs): Promise<Figure> {
  return figureOf({ queries, keys, order, seed }, await engine.tiledAttention({ tokens: TOKENS, width: WIDTH, queries, keys, order, seed }));
}

/** Numbers that the fast memory holds at once: a block of Q, one of K and V, their scores, the unfinished outputs. */
export const held = (queries: number, keys: number, d = WIDTH): number => queries * d + 2 * keys * d + queries * keys + queries * d;
/** Mean number of new maxima among n exchangeable tiles, without the first: H_n − 1. */
export const records = (tiles: number): number => Array.from({ length: tiles }, (_, i) => 1 / (i + 1)).reduce((a, b) => a + b, 0) - 1;

export interface Recorded {
  commit: string;
  figure: Figure;
  /** Over five seeds, every pair of tile sizes, random order: largest error, and mean rescales by size of the key tile. */
  worst: number;
  means: { keys: number; mean: number }[];
  /** By size of the key tile: the largest error over seeds and query tiles; and, with the first query's scores rising, its fewest rescales. */
  errors: { keys: number; worst: number; rising: number }[];
  /** Traffic by size of the query tile. */
  traffic: { queries: number; traffic: number; untiled: number }[];
}
