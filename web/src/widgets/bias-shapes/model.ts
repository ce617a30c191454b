// What ALiBi and T5 add to a score at each distance, before anything is learned.
import type { PositionBias, RemoteEngine } from '../../../../wasm/client/types';

export const HEADS = [4, 8, 12, 16] as const;
export const DISTANCES = 161; // 0 … 160
export interface Inputs { heads: number; both: boolean }
export const START: Inputs = { heads: 8, both: false };

export const ask = async (engine: Pick<RemoteEngine, 'positionBias'>, q: Inputs): Promise<PositionBias> => engine.positionBias({ heads: q.heads, distances: DISTANCES, bidirectional: q.both });

/** What a head of slope m leaves of the weight of a key at each distance: e^(−mΔ). */
export const kernel = (slope: number): [number, number][] => Array.from({ length: DISTANCES }, (_, d) => [d, Math.exp(-slope * d)]);
/** Tokens until half of it is forgotten. */
export const halfLife = (slope: number): number => Math.LN2 / slope;
/** The first distance of every bucket that a past token falls in. */
export function firsts(bucket: ArrayLike<number>): { bucket: number; from: number }[] {
  const out: { bucket: number; from: number }[] = [];
  for (let d = 0; d < bucket.length; d += 1) if (d === 0 || bucket[d] !== bucket[d - 1]) out.push({ bucket: bucket[d]!, from: d });
  return out;
}
/** The distance from which distances begin to share a bucket: where the first bucket of more than one starts. */
export const shared = (steps: readonly { from: number }[]): number | null => steps.find((x, i) => i + 1 < steps.length && steps[i + 1]!.from - x.from > 1)?.from ?? null;
/** Whether the slopes only fall from head to head. */
export const falling = (slopes: ArrayLike<number>): boolean => Array.from(slopes).every((m, h) => h === 0 || m < slopes[h - 1]!);

export interface Recorded { commit: string; slopes: number[]; bucket: number[] }
