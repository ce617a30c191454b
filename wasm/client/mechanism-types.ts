// Attn-lab's part of the contract that needs no model: a mechanism alone is built, run or trained (chapters 13, 17, 20).
import type { ModelConfig, TensorData } from './types.ts';

/** Attention read tile by tile, against its definition in double; core/attn/attention/online_softmax.hpp. */
export interface TileRequest {
  tokens?: number;
  width?: number;
  /** Rows of Q, rows of K and V that the fast memory holds together. */
  queries?: number;
  keys?: number;
  /** In which order the first query meets its scores. */
  order?: 'random' | 'rising' | 'falling';
  seed?: number;
}
export interface Tiled {
  /** Largest difference of an output from the definition in double. */
  error: number;
  /** Numbers that cross between the memories, tiled and with the whole map written down. */
  traffic: number;
  untiled: number;
  /** Of the first query, and the mean over all. */
  rescales: number;
  mean_rescales: number;
  /** The first query after each tile: m, l, and whether the tile brought a new maximum. */
  maximum: Float32Array;
  denominator: Float32Array;
  rescaled: Float32Array;
}
/** core/attn/analysis/memory_capacity.hpp. */
export interface CapacityRequest {
  keys: number[];
  width?: number;
  versions?: number;
  similarity?: number;
  alpha?: number;
  beta?: number;
  sharpness?: number;
  slope?: number;
  trials?: number;
  seed?: number;
}
/** core/attn/attention/random_features.hpp; ‖x‖ = ‖y‖ = radius. */
export interface FeatureRequest {
  kind: 'trigonometric' | 'positive' | 'hyperbolic';
  radius?: number;
  cosine?: number;
  width?: number;
  features?: number;
  draws?: number;
  orthogonal?: boolean;
  seed?: number;
}
export interface FeatureErrors {
  /** e^(x·y). */
  truth: number;
  /** Root of the mean squared error by the closed form (independent rows), by the truth. */
  theory: number;
  /** Estimate by truth, one per draw. */
  ratios: Float32Array;
}
export type MemoryName = 'softmax' | 'additive' | 'positive' | 'decayed' | 'delta' | 'gated';
/** core/attn/train/recall_model.hpp. */
export interface RecallOptions {
  memory: MemoryName;
  pairs?: number;
  vocab?: number;
  length?: number;
  width?: number;
  key_width?: number;
  batch?: number;
  learning_rate?: number;
  seed?: number;
}
export interface RecallRun {
  step: number;
  /** On 128 sequences that training does not see; NaN unless measured. */
  loss: number;
  accuracy: number;
  parameters: number;
  /** Numbers that the memory holds after the pairs. */
  memory: number;
  /** Give it back to go on. */
  state: Float32Array;
}

/** RoPE on one query and its keys; core/attn/attention/rotary.hpp, wasm/lab_positions.cpp. */
export interface RotaryRequest {
  /** d, even, at most 256; the coordinates turn in d/2 pairs (i, i + d/2). */
  width: number;
  /** Keys at distances 0 … distances − 1 before the query. */
  distances: number;
  /** The query turned back so that every pair prefers the key this far behind; absent: normal vectors of the seed. */
  offset?: number;
  seed?: number;
  /** Added to every position: the scores do not change, to rounding. */
  shift?: number;
  base?: number;
  /** Only so many pairs turn, the fastest; 0: all. */
  kept?: number;
  extension?: 'none' | 'linear' | 'ntk' | 'yarn';
  factor?: number;
  /** L that YaRN counts turns in. */
  context?: number;
}
export interface RotaryScores {
  /** The same ladder in the words of ModelConfig. */
  config: Record<string, unknown>;
  /** [distances, d/2]: what each pair adds to the score q·k/√d. */
  parts: TensorData;
  /** [d/2] radians per position. */
  frequency: TensorData;
  q: TensorData;
  k: TensorData;
}
export interface PositionBias {
  /** [H] ALiBi. */
  slopes: Float32Array;
  /** T5's bucket of each distance. */
  bucket: Float32Array;
}

/** core/attn/train/parity_model.hpp. */
export interface ParityOptions {
  mixer: 'positive' | 'signed' | 'exact' | 'attention';
  /** Of training sequences. */
  length?: number;
  batch?: number;
  learning_rate?: number;
  seed?: number;
}
export interface ParityRun {
  step: number;
  /** Share right at the last four places of 128 sequences, by length asked for. */
  accuracy: Float32Array;
  /** a(0), a(1) of every channel, [2, channels]; empty for attention. */
  gates: TensorData;
  /** Give it back to go on. */
  state: Float32Array;
}
/** core/attn/analysis/online_learning.hpp. */
export interface StreamRequest {
  width?: number;
  tokens?: number;
  change?: number;
  noise?: number;
  alpha?: number;
  beta?: number;
  window?: number;
  sharpness?: number;
  trials?: number;
  seed?: number;
}

/** core/attn/train/schema_model.hpp. */
export interface SchemaOptions {
  wiring: 'none' | 'aside' | 'fed' | 'free' | 'mirror';
  pull?: number;
  captured?: number;
  batch?: number;
  learning_rate?: number;
  seed?: number;
}
/** On 256 sequences that training does not see, over the steps that count. */
export interface SchemaExam {
  accuracy: number;
  loss: number;
  /** KL(row ‖ prediction), nats; how often both are largest at one place; the same for the row before. */
  divergence: number;
  match: number;
  stale: number;
  /** Mean weight on the target. */
  onTarget: number;
}
export interface SchemaRun {
  step: number;
  own: SchemaExam;
  /** The controller is told another sequence's row in the place of its own. */
  foreign: SchemaExam;
  /** Give it back to go on. */
  state: Float32Array;
}

/** Other rows with the same output; core/attn/analysis/row_freedom.hpp. `directions`: how many of the values' are to be matched. */
export type FreedomRequest = { width: number; directions?: number } | { keys: number; width: number; spread: number; seed: number };
export interface RowFreedom {
  /** Of [V 1]; with as many keys there is no other row. */
  rank: number;
  /** In total variation, of the farthest row found; none is farther than `bound`. */
  distance: number;
  bound: number;
  /** Relative change of what was to be matched. */
  gap: number;
  alpha: Float32Array;
  farthest: Float32Array;
  /** The least and the greatest weight each key may have. */
  low: Float32Array;
  high: Float32Array;
}

/** One attention row over an encoder, and three accounts of its answer; core/attn/train/pooling_model.hpp. */
export type EncoderName = 'single' | 'attention' | 'recurrent';
export interface PoolingOptions {
  encoder: EncoderName;
  /** λ: what a weight on signed words costs. */
  penalty?: number;
  seed?: number;
}
export interface PoolingRun {
  step: number;
  /** On 256 sentences that training does not see; without the penalty. */
  loss: number;
  accuracy: number;
  /** Mean weight of the row on signed words. */
  mass: number;
  state: Float32Array;
}
/** [M, T] but for `logit` and `shuffled` [M]; agreement [4, M]: Kendall's τ of weight with gradient, weight with left_out, gradient with left_out, carried with left_out. */
export type PoolingAccounts = Record<'tokens' | 'logit' | 'weight' | 'carried' | 'gradient' | 'left_out' | 'agreement' | 'shuffled', TensorData>;
