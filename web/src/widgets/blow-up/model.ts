// Learning rates up to where the scores run away, with and without a norm on queries and keys.
import type { TrainConfig, TrainPoint } from '../../../../wasm/client/types';
import { RECIPE, vary } from '../training/recipe.ts';

export const STEPS = 300;
export const EVERY = 25;
export const RATES = [0.01, 0.03, 0.1] as const;
export type Rate = (typeof RATES)[number];
export const config = (rate: number, qkNorm: boolean, seed: number): TrainConfig & { steps: number } =>
  ({ ...vary(RECIPE, { model: { mlp: 'gelu', mlp_width: 128, qk_norm: qkNorm }, schedule: { kind: 'constant', learning_rate: rate }, seed }), steps: STEPS });

export interface Run { seed: number; rate: number; qkNorm: boolean; steps: number[]; loss: number[]; entropy: number[]; score: number[] }
export interface Recorded { commit: string; runs: Run[] }
export const of = (r: Recorded, rate: number, qkNorm: boolean): Run[] => r.runs.filter((x) => x.rate === rate && x.qkNorm === qkNorm);
export { median } from '../../lib/statistics.ts';
export const last = (xs: readonly number[]): number => xs[xs.length - 1]!;
/** Mean entropy of the heads' rows, nats. */
export const entropy = (p: TrainPoint): number => p.heads.reduce((sum, h) => sum + h.entropy, 0) / p.heads.length;
