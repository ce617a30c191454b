// How far a stack of windows really reaches. The answer stands at one known distance; each layer sees itself and W tokens before.
import type { TrainConfig } from '../../../../wasm/client/types.ts';

export const [WINDOW, VOCAB, LENGTH, STEPS, EVERY] = [4, 16, 28, 400, 100];
export const LAYERS = [1, 2, 3] as const;
export type Layers = (typeof LAYERS)[number];
/** Places between the token that asks and the one that is the answer. */
export const DISTANCES = [3, 4, 5, 7, 8, 9, 10, 11, 12, 13] as const;
export type Distance = (typeof DISTANCES)[number];
/** What the arithmetic of the receptive field promises. */
export const reach = (layers: number): number => layers * WINDOW;

/** A random piece of distance + 1 tokens, repeated: the next token is the one `distance` places back. */
export const config = (layers: number, distance: number, seed: number): TrainConfig & { steps: number } => ({
  model: { vocab: VOCAB, context: LENGTH, layers, width: 32, heads: 4, mlp: 'none', norm: 'pre', norm_kind: 'rms_norm', norm_gain: false, position: 'rope', window: WINDOW },
  task: { kind: 'repeat', vocab: VOCAB, length: LENGTH, segment_min: distance + 1, segment_max: distance + 1, tiled: true },
  adamw: { beta1: 0.9, beta2: 0.98, weight_decay: 0.01 },
  schedule: { kind: 'constant', learning_rate: 0.01 },
  batch: 32, steps: STEPS, clip: 1, seed,
});

export interface Row {
  layers: number;
  distance: number;
  /** At the end, one per seed. */
  accuracy: number[];
}
export interface Recorded { commit: string; seeds: number[]; rows: Row[] }
/** Recorded around the limit of every depth; any other distance can be trained in the page. */
export const RECORDED: Record<Layers, readonly Distance[]> = { 1: [3, 4, 5, 7], 2: [5, 7, 8, 9, 10], 3: [8, 10, 11, 12, 13] };
export const row = (r: Recorded, layers: number, distance: number): Row | undefined => r.rows.find((x) => x.layers === layers && x.distance === distance);
