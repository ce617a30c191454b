// One recipe, one budget of weights, a different number of heads; then the same heads with fewer sets of keys and values.
import type { TrainConfig } from '../../../../wasm/client/types';
import { RECIPE, vary } from '../training/recipe.ts';
import { median } from '../../lib/statistics.ts';

export const HEADS = [1, 2, 4, 8, 16, 32, 64] as const;
export type Heads = (typeof HEADS)[number];
export const WIDTH = RECIPE.model.width;
export const EVERY = 20;

/** H heads of width D / H; kv: sets of keys and values, 0 for one per head. */
export const config = (heads: number, kv: number, seed: number): TrainConfig & { steps: number } =>
  ({ ...vary(RECIPE, { model: { heads, head_width: WIDTH / heads, kv_heads: kv || heads }, seed }), steps: RECIPE.steps });

export interface Row { heads: number; kvHeads: number; headWidth: number; accuracy: number[]; loss: number[] }
export interface Recorded {
  commit: string;
  seeds: number[];
  steps: number[];
  budget: (Row & { curves: number[][] })[];
  memories: Row[];
}


/** Accuracy against the number of heads: the median and every seed. */
export const profile = (r: Recorded): [number, number][] => r.budget.map((b) => [b.heads, median(b.accuracy)]);
export const oneSeed = (r: Recorded, k: number): [number, number][] => r.budget.map((b) => [b.heads, b.accuracy[k]!]);
export const kvChoices = (heads: number): number[] => HEADS.filter((k) => k <= heads);
export { median };
