// What the figure draws of a run, recorded or computed now.
import type { Told } from '../adapters/rows.ts';

export interface Figure {
  base: number; tuned: number;
  /** [L·H · 4] */
  weights: number[]; divergence: number[]; enough: number[]; needed: number[];
  layerEnough: number[]; layerNeeded: number[];
  /** [L·H][5]. */
  before: number[][]; after: number[][];
}

export const toFigure = (t: Told, before: number[][]): Figure => ({
  base: t.base, tuned: t.tuned, weights: Array.from({ length: t.divergence.length * 4 }, (_, i) => t.weights[(['q', 'k', 'v', 'o'] as const)[i % 4]!]?.[i >> 2] ?? 0), divergence: t.divergence, enough: t.enough, needed: t.needed,
  layerEnough: t.layerEnough, layerNeeded: t.layerNeeded, before, after: t.look,
});
