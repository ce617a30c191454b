// RoPE as clocks: every pair of coordinates is a hand, the score is the sum of their cosines.
import type { RemoteEngine, RotaryRequest } from '../../../../wasm/client/types';

export const WIDTHS = [16, 64, 128] as const;
export const DISTANCES = 129; // 0 … 128
export const CONTEXT = 32; // what the ladder is said to have been trained on
export const EXTENSIONS = ['none', 'linear', 'ntk', 'yarn'] as const;
export type Extension = (typeof EXTENSIONS)[number];
export const EXTENSION_NAMES: Record<Extension, string> = { none: 'как есть', linear: 'интерполяция', ntk: 'NTK', yarn: 'YaRN' };

export interface Inputs { width: number; base: number; vectors: 'offset' | 'random'; offset: number; seed: number; shift: number; extension: Extension; factor: number }
export const request = (q: Inputs): RotaryRequest => ({
  width: q.width, distances: DISTANCES, base: q.base, shift: q.shift, extension: q.extension, factor: q.extension === 'none' ? 1 : q.factor, context: CONTEXT,
  ...(q.vectors === 'offset' ? { offset: q.offset } : { seed: q.seed }),
});

export interface Figure {
  pairs: number;
  /** [DISTANCES, pairs] */
  parts: Float32Array;
  frequency: Float32Array;
  /** Largest difference that the shift makes to any score. */
  moved: number;
}

export async function figure(engine: Pick<RemoteEngine, 'rotaryScores'>, q: Inputs): Promise<Figure> {
  const { parts, frequency } = await engine.rotaryScores(request(q));
  const out: Figure = { pairs: q.width / 2, parts: parts.data, frequency: frequency.data, moved: 0 };
  if (q.shift > 0) {
    const still = total({ ...out, parts: (await engine.rotaryScores(request({ ...q, shift: 0 }))).parts.data });
    out.moved = Math.max(...total(out).map(([, x], i) => Math.abs(x - still[i]![1])));
  }
  return out;
}

/** Σ over the pairs: the score at each distance. */
export const total = (f: Pick<Figure, 'pairs' | 'parts'>): [number, number][] =>
  Array.from({ length: DISTANCES }, (_, t) => [t, f.parts.subarray(t * f.pairs, (t + 1) * f.pairs).reduce((s, x) => s + x, 0)]);
export const ofPair = (f: Figure, i: number): [number, number][] => Array.from({ length: DISTANCES }, (_, t) => [t, f.parts[t * f.pairs + i]!]);
/** 2π/θ. */
export const wavelength = (f: Pick<Figure, 'frequency'>, i: number): number => (2 * Math.PI) / f.frequency[i]!;
/** Pairs that do not complete a turn within so many tokens. */
export const slow = (f: Pick<Figure, 'frequency'>, context: number): number => f.frequency.filter((w) => w * context < 2 * Math.PI).length;
/** At most `most` pairs to draw as clocks, from the fastest to the slowest. */
export const shown = (pairs: number, most = 8): number[] => (pairs <= most ? Array.from({ length: pairs }, (_, i) => i) : Array.from({ length: most }, (_, k) => Math.round((k * (pairs - 1)) / (most - 1))));

export interface Recorded { commit: string; inputs: Inputs; parts: number[]; frequency: number[] }
export const START: Inputs = { width: 16, base: 10_000, vectors: 'offset', offset: 1, seed: 1, shift: 0, extension: 'none', factor: 4 };
