// What attn-lab is asked beyond attn-core, and what it answers: a reader's files, interventions, pruning, collapse, text.
import type { HeadRef, ModelInfo, TaskConfig, TensorData } from './types.ts';

/** A file the reader gave: `name` may hold the path within the chosen folder. */
export interface NamedFile {
  name: string;
  blob: Blob;
}
/** What a folder holds and what it would cost, before anything of it is loaded. */
export interface ModelPlan {
  id: number;
  family: 'gpt2' | 'llama' | 'bert';
  /** As config.json says: gpt2, llama, mistral, qwen2, qwen3, bert. */
  modelType: string;
  parameters: number;
  /** "BF16", "F16 and F32". */
  dtypes: string;
  /** In memory; to be read from the files. */
  weightBytes: number;
  readBytes: number;
  /** A pass over `runTokens` tokens with the attention of every layer kept. */
  runBytes: number;
  runTokens: number;
  /** Weights, such a pass and room for the rest, against what this module can ever have. */
  needed: number;
  limit: number;
  fits: boolean;
  /** Whether the outputs are logits over the vocabulary; false for BERT: the last hidden state. */
  predicts: boolean;
  config: ModelInfo['config'];
}
export interface FedModel {
  next?: { file: number; offset: number; size: number };
  model?: ModelInfo;
}

/** What an intervention is judged by, at one place; core/attn/analysis/metric.hpp. */
export interface MetricRequest {
  /** logit: that of `right` less the mean of all (the default); difference: less that of `wrong`. */
  kind?: 'logit' | 'difference' | 'probability';
  position: number;
  right: number;
  wrong?: number;
}
export type PatchSite = 'z' | 'q' | 'k' | 'v' | 'resid_pre' | 'resid_post' | 'attn_out' | 'mlp_out';
export interface PatchRequest {
  clean: number[];
  /** As long as `clean`: patching goes place by place. */
  corrupted: number[];
  metric: MetricRequest;
  site: PatchSite;
  /** One patch per head (sites that have heads; on by default) and per position (off by default). */
  heads?: boolean;
  positions?: boolean;
  layers?: number[];
  /** false: clean pieces into the corrupted run (what suffices); true: the reverse (what is needed). */
  noise?: boolean;
}
export interface Patched {
  /** The metric of the two runs as they are. */
  clean: number;
  corrupted: number;
  /** Share of their difference that a patch restores (or destroys); layer, head, position from outermost. NaN if there is none. */
  effect: Float32Array;
  /** The same from one gradient: attribution patching. */
  estimate: Float32Array;
  /** Between the two; slope below 1: magnitudes are underestimated; largest in units of the metric. */
  agreement: { pearson: number; spearman: number; slope: number; largest: number };
}
export interface TraceRequest {
  tokens: number[];
  metric: MetricRequest;
  /** The subject: tokens [from, from + count). */
  from: number;
  count: number;
  /** Of the noise; by default three times that of the subject's embeddings. */
  std?: number;
  draws?: number;
  seed?: number;
  site?: PatchSite;
  window?: number;
}
export interface Traced {
  clean: number;
  corrupted: number;
  std: number;
  /** [L, T] */
  restored: TensorData;
}
export interface ImportanceRequest {
  tokens: number[];
  metric: MetricRequest;
  /** Random tokens put in the place of each. */
  draws?: number;
  seed?: number;
}
/** Per token, up to and including the place that answers. */
export interface TokenImportance {
  /** How far the metric falls when the token is exchanged for a random one, twice over; or loses its embedding. */
  truth: Float32Array;
  again: Float32Array;
  erased: Float32Array;
  attention: Float32Array;
  rollout: Float32Array;
  flow: Float32Array;
  norms: Float32Array;
  relevance: Float32Array;
  gradient_input: Float32Array;
}
/** Something is done to each of several sets of heads in one sequence: one answer per set. */
export interface InterventionRequest {
  tokens: number[];
  /** An empty set is the run as it is. */
  sets: HeadRef[][];
  /** The site of the heads becomes zero, its mean over the places (of `reference`, if given), or what it is on `other`. */
  how: 'zero' | 'mean' | 'patch';
  /** z by default; a pattern can only be patched. */
  site?: HeadSite;
  other?: number[];
  reference?: number[][];
  /** Only at these places (of a pattern: rows); absent: everywhere. */
  positions?: number[];
  /** Where the logits of two tokens are compared. */
  at: { position: number; right: number; wrong: number };
  /** Also the logits at that place; also a head's map. At most 64 sets then. */
  rows?: boolean;
  map?: HeadRef;
}
export type HeadSite = 'z' | 'q' | 'k' | 'v' | 'pattern';
export interface Interventions {
  /** [n, T − 1]: of predicting every token but the first, nats. */
  losses: TensorData;
  /** [n]: logit(right) − logit(wrong). */
  difference: Float32Array;
  /** [n, V] */
  rows?: TensorData;
  /** [n, T, T] */
  maps?: TensorData;
}
export interface PathsRequest {
  clean: number[];
  /** As long as `clean`. */
  corrupted: number[];
  metric: MetricRequest;
  noise?: boolean;
}
/**
 * Who hands what to whom, with nobody in between: S = 1 + L·H senders (the tokens, then the heads), receivers are the queries, keys and
 * values of heads and the logits. Shares of the prompts' difference; NaN where nothing leads.
 */
export interface PatchedPaths {
  clean: number;
  corrupted: number;
  /** [S, L, H, 3]: into q, k, v of one head. */
  edges: Float32Array;
  /** [S, L, 3]: into those of all heads of a layer at once. */
  layers: Float32Array;
  /** [S]: straight to the logits, and by all ways together. */
  direct: Float32Array;
  total: Float32Array;
}

export interface ProbeRequest {
  tokens: number[][];
  /** One number per token; below 0: this token is left out. */
  labels: number[][];
  /** What the control task gives one label each (Hewitt & Liang's word types). */
  types: number[][];
  classes: number;
  /** What the model should say after each token; below 0: it is not asked. */
  targets: number[][];
  /** So many sequences train the probe, the others test it. */
  train: number;
  site: 'z' | 'resid_pre' | 'resid_post';
  layer: number;
  head?: number;
  seed?: number;
  steps?: number;
  /** Description length too; what is lost when the labels are erased at the point. */
  code?: boolean;
  erase?: boolean;
}
export interface ProbeReport {
  /** On the test part: of the probe, of one trained on control labels, of the most frequent label. */
  accuracy: number;
  nats: number;
  control: number;
  base: number;
  /** Labels it was trained on. */
  examples: number;
  /** Online code of the training labels, bits: of the task, of guessing, of the control task. */
  bits?: number;
  uniformBits?: number;
  controlBits?: number;
  /** Dimensions erased; what a new probe finds afterwards. */
  rank?: number;
  left?: number;
  /** The model's loss on the test targets: as it is, with the labels erased, with as many dimensions drawn at random. */
  loss?: number;
  erasedLoss?: number;
  randomLoss?: number;
}
/** One depth of the logit lens. */
export interface LensState {
  top: number;
  /** Of the target, and its rank (0: first). */
  probability: number;
  rank: number;
  /** KL(final ‖ lens), nats. */
  divergence: number;
}

/** A byte-pair tokenizer; core/attn/text/tokenizer.hpp. */
export interface TokenizerInfo {
  id: number;
  /** Of every token: its text with the leading space, "<0xD0>" for a byte, "<|конец|>" for token 0. */
  names: string[];
}
export interface Encoding {
  tokens: number[];
  /** [first, last) of each token in characters (code points: `[...text]`); a byte covers its whole character. */
  spans: [number, number][];
}

/** Fresh sequences of a task, drawn as the trainer of this seed would draw them for evaluation. */
export interface Exam {
  task: TaskConfig;
  batch: number;
  seed: number;
}
/** Chapter 12: what is known about every head, each tensor [L, H]; core/attn/adapt/head_importance.hpp. */
export interface HeadImportance {
  loss: number;
  accuracy: number;
  /** |∂L/∂ξ|: absolute value per sequence, per token, or of the whole batch's sum. */
  example?: TensorData;
  token?: TensorData;
  batch?: TensorData;
  /** Rise of the loss without this head, its output replaced by zeros or by its mean. */
  zero?: TensorData;
  mean?: TensorData;
  /** Mean length of what the head writes where the exam asks, elsewhere, and the largest anywhere. */
  asked?: TensorData;
  other?: TensorData;
  largest?: TensorData;
}
/** After 0, 1, 2, … heads of the order are gone. */
export interface RemovalCurve {
  order: HeadRef[];
  loss: Float32Array;
  accuracy: Float32Array;
}
/** core/attn/adapt/head_gates.hpp. */
export interface GateOptions extends Exam {
  /** λ: the price of an open head, nats. */
  penalty: number;
  start?: number;
  learning_rate?: number;
  gate_learning_rate?: number;
}
export interface GateRun {
  step: number;
  /** Of the model with its gates multiplied in, on 64 sequences of the seed; absent unless asked for. */
  loss: number;
  accuracy: number;
  /** [L, H]: gates without noise, and P(g ≠ 0). */
  gates: TensorData;
  open: TensorData;
  /** Give it back to go on. */
  state: Float32Array;
  /** Flat weights with the gates multiplied in, if asked for. */
  weights?: Float32Array;
}

/** A tower of random attention blocks; core/attn/analysis/collapse_tower.hpp. Absent: none of it, T 32, D 64, H 4. */
export interface TowerRequest {
  layers: number;
  tokens?: number;
  width?: number;
  heads?: number;
  /** x ← skip · x + f(x); 0 to 4. */
  skip?: number;
  norm?: 'none' | 'pre' | 'post';
  mlp?: boolean;
  causal?: boolean;
  /** On every score, besides 1/√d. */
  qk_scale?: number;
  seed?: number;
}
export interface TowerFloor {
  /** log10 of ‖R‖ / ‖X‖; null when the tokens are one vector to the last bit that a double has. */
  residual: number | null;
  /** Mean cosine of pairs of tokens. */
  cosine: number;
  /** Entropy of attention rows by its largest possible value; null at floor 0. */
  entropy: number | null;
  /** Largest |score|. */
  score: number;
}
export interface Tower {
  /** layers + 1: the input, then what stands behind each block. */
  floors: TowerFloor[];
  /** [L + 1, T, T] */
  cosines: TensorData;
}
/** Every pair of heads, [L·H, L·H] in the order of layers; core/attn/analysis/similarity.hpp. */
export interface HeadSimilarity {
  /** Mean Jensen–Shannon divergence of their rows, bits. */
  distance: TensorData;
  /** Linear CKA of what they write; NaN for a head that never varies. */
  cka: TensorData;
  /** Average linkage by `distance`: [first, second, distance, size], as scipy's linkage. */
  merges: [number, number, number, number][];
}
