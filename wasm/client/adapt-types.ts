// Attn-lab's part of the contract that fine-tunes: adapters on a frozen model, what they did to its heads, weights in four bits
// (chapter 11; core/attn/adapt/).
import type { TaskConfig, TensorData } from './types.ts';

/** The text the model knows, another answer: one token further, or the same under another name (core/attn/adapt/fine_tuning.hpp). */
export type Goal = 'same' | 'shift' | 'permute';
export interface AdaptTask {
  task: TaskConfig;
  goal: Goal;
  batch: number;
  /** Of the adapters' start, of the data, of the names. */
  seed: number;
}
export interface AdaptOptions extends AdaptTask {
  /** Which matrices are adapted: some of the letters q, k, v, o. */
  matrices: string;
  /** All layers unless given. */
  layers?: number[];
  /** 0: no factors, the matrices themselves are trained. */
  rank: number;
  /** The rank unless given: s = 1. */
  alpha?: number;
  /** α/√r instead of α/r. */
  stabilised?: boolean;
  /** A = 0 as well as B. */
  dead?: boolean;
  learning_rate?: number;
}
export interface AdaptRun {
  step: number;
  /** On 128 sequences that training does not see: of the new task and of the old one; NaN unless measured. */
  loss: number;
  accuracy: number;
  keptLoss: number;
  kept: number;
  /** Numbers that are trained. */
  parameters: number;
  /** Give it back to go on. */
  state: Float32Array;
  weights?: Float32Array;
}
/** core/attn/adapt/head_change.hpp. */
export interface HeadChange {
  base: number;
  tuned: number;
  /** [L, H, 4] of W_Q, W_K, W_V, W_O: how far each moved, by its length. */
  weights: TensorData;
  /** [L, H] bits. */
  divergence: TensorData;
  /** [L, H], [L]: accuracy of the base with the tuned head's write, and of the tuned model with the base's. */
  enough: TensorData;
  needed: TensorData;
  layerEnough: TensorData;
  layerNeeded: TensorData;
}
export interface FirstStep {
  movedA: number;
  movedB: number;
  /** How far ΔW is from −η s² A Aᵀ G, by its length. */
  formula: number;
  /** Between ΔW and −G. */
  cosine: number;
  stableRank: number;
}
export interface FourBitsRequest {
  source: 'normal' | 'student' | 'uniform' | 'model';
  /** source: model. All matrices of its attention layers and feed-forward blocks. */
  model?: number;
  /** The model's loss over this text with such weights; or its loss and accuracy at a task. */
  tokens?: number[];
  task?: TaskConfig;
  batch?: number;
  seed?: number;
  block: number;
  /** The scales in eight bits. */
  double?: boolean;
}
/** Of NF4, INT4, FP4, in this order. */
export interface FourBits {
  bits: number;
  weights: number;
  /** [3] relative RMSE, bits of the levels' use. */
  error: TensorData;
  entropy: TensorData;
  /** [3, 16]: share of the weights at each level, and where it stands. */
  used: TensorData;
  levels: TensorData;
  /** [4]: of the model as it is, then of the three; only where asked for. */
  loss?: TensorData;
  accuracy?: TensorData;
}
