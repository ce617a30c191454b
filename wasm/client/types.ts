// The contract between the pages and the attention core. Widgets see these types and nothing
// else; only the worker touches the WASM module. Shapes use the course's letters:
// B batch, T tokens, S keys, D width, H heads, d head width, V vocabulary, L layers.
import type { AdaptOptions, AdaptRun, AdaptTask, FirstStep, FourBits, FourBitsRequest, HeadChange } from './adapt-types.ts';
import type {
  Encoding, Exam, GateOptions, GateRun, HeadImportance, HeadSimilarity, ImportanceRequest, InterventionRequest, Interventions, LensState,
  MetricRequest, ModelPlan, NamedFile, Patched, PatchedPaths, PatchRequest, PathsRequest, ProbeReport, ProbeRequest, RemovalCurve, TokenImportance,
  TokenizerInfo, Tower, TowerRequest, Traced, TraceRequest,
} from './lab-types.ts';
import type {
  CapacityRequest, FeatureErrors, FeatureRequest, FreedomRequest, ParityOptions, ParityRun, PoolingAccounts, PoolingOptions, PoolingRun, PositionBias, RecallOptions, RecallRun, RotaryRequest, RotaryScores, RowFreedom,
  SchemaOptions, SchemaRun, StreamRequest, Tiled, TileRequest,
} from './mechanism-types.ts';

export type * from './adapt-types.ts';
export type * from './lab-types.ts';
export type * from './mechanism-types.ts';

/** A dense row-major tensor copied out of the core; its buffer was transferred, so it is yours. */
export interface TensorData {
  shape: number[];
  data: Float32Array;
}

export type Variant = 'simd' | 'scalar';
/** attn-core: what most pages need; attn-lab: all of it and text, other files, analyses of single chapters. */
export type ModuleName = 'core' | 'lab';

export interface EngineInfo {
  module: ModuleName;
  variant: Variant;
  /** Git commit the core was built from, for the badge under each figure. */
  commit: string;
  /** Bytes of WASM memory in use. */
  memory: number;
}

/** Mirrors attn::ModelConfig (core/attn/model/config.hpp); absent keys take its defaults. */
export interface ModelConfig {
  kind?: 'decoder' | 'encoder';
  vocab: number;
  context: number;
  layers: number;
  width: number;
  heads: number;
  kv_heads?: number;
  head_width?: number;
  mlp?: 'none' | 'gelu' | 'gelu_exact' | 'relu' | 'swiglu';
  mlp_width?: number;
  norm?: 'none' | 'pre' | 'post';
  norm_kind?: 'layer_norm' | 'rms_norm';
  norm_gain?: boolean;
  position?: 'none' | 'learned' | 'sinusoidal' | 'rope' | 'alibi' | 't5';
  shared_qk?: boolean;
  shared_kv?: boolean;
  smeared_keys?: boolean;
  /** One more score of no key in every row: zero (softmax off by one) or learned, one per head. */
  null_score?: 'none' | 'zero' | 'learned';
  /** A gate per token and head on what the head brought. */
  token_gates?: boolean;
  tied?: boolean;
  scale?: number;
  init_std?: number;
  position_std?: number;
  identical_heads?: boolean;
  head_noise?: number;
  [key: string]: unknown;
}

/** Mirrors attn::TaskConfig (core/attn/train/tasks.hpp). */
export interface TaskConfig {
  kind: 'repeat' | 'copy' | 'recall' | 'markov' | 'ngram' | 'uniform' | 'previous' | 'rarest' | 'last_name' | 'seen' | 'gather' | 'cycle' | 'swap' | 'backcopy';
  vocab: number;
  length: number;
  segment_min?: number;
  segment_max?: number;
  tiled?: boolean;
  fixed_offset?: boolean;
  distinct?: boolean;
  loss_on_all?: boolean;
  order?: number;
  pairs?: number;
  /** gather: digits of a token, and places that the answer is gathered from. */
  places?: number;
}

/** Mirrors attn::TrainConfig (core/attn/train/trainer.hpp). */
export interface TrainConfig {
  model: ModelConfig;
  task: TaskConfig;
  adamw?: { beta1?: number; beta2?: number; epsilon?: number; weight_decay?: number };
  schedule?: { kind?: 'constant' | 'cosine' | 'linear'; learning_rate?: number; warmup?: number; total?: number; floor?: number };
  batch?: number;
  steps?: number;
  clip?: number;
  seed?: number;
}

/** One row of the head table; definitions in core/attn/analysis/head_scores.hpp. */
export interface HeadScores {
  layer: number;
  head: number;
  previous: number;
  current: number;
  first: number;
  duplicate: number;
  induction: number;
  entropy: number;
  entropy_ratio: number;
  distance: number;
}

export interface HeadRef {
  layer: number;
  head: number;
}
export type Ablation = 'zero' | 'mean' | 'resample';

/** Tokens of one batch: B sequences of equal length T. */
export type Sequences = number[][];

export interface RunRequest {
  tokens: Sequences;
  /** Hook names to copy out ("blocks.0.attn.pattern", "logits" …; core/attn/model/hooks.hpp). */
  capture: string[];
  /** Also send `output`: logits [B, T, V], or the last hidden state [B, T, D] of a model that has none. */
  output?: boolean;
  /** BERT's token types, as `tokens`; absent: all 0. */
  types?: Sequences;
  /** How many tokens of each sequence are text; the rest is padding that nobody attends to. */
  lengths?: number[];
  ablate?: { heads: HeadRef[]; how: Ablation; seed?: number };
  /** Replace an activation wholesale before it is read on. */
  replace?: { name: string; value: TensorData }[];
}
export interface RunResult {
  tensors: Record<string, TensorData>;
  /** Mean next-token loss (nats) over all positions but the last, and per sequence and position [B, T-1]. */
  loss: number;
  losses: TensorData;
}

export interface Contribution {
  component: string;
  layer: number;
  head: number;
  logit: number;
}
export interface Attribution {
  parts: Contribution[];
  total: number;
  logit: number;
}

export interface Circuits {
  /** [V, V] query token × key token. */
  qk: TensorData;
  /** [V, V] source token × output token. */
  ov: TensorData;
  /** [T, T] for learned positions, shape [0, 0] otherwise. */
  qkPositions: TensorData;
  eigenvalues: { re: number; im: number }[];
  copying: number;
}

/** Free queries and keys of one width, fitted to a pattern; core/attn/analysis/pattern_fit.hpp. */
export interface FittedPattern {
  /** Mean over rows of KL(target ‖ pattern), nats. */
  divergence: number;
  /** Mean |q| · max |k| / √d. */
  scale: number;
  /** [n, n]; query and key [n, d]. */
  pattern: TensorData;
  query: TensorData;
  key: TensorData;
}

export interface StepMetrics {
  step: number;
  loss: number;
  accuracy: number;
  grad_norm: number;
  learning_rate: number;
}

/** One point of the training record. */
export interface TrainPoint extends StepMetrics {
  /** Held-out loss and accuracy of the task (fixed evaluation batch of the seed). */
  evalLoss: number;
  evalAccuracy: number;
  heads: HeadScores[];
  /** KL(strategy ‖ model), nats; Markov task only. */
  strategies?: { uniform: number; unigram: number; bigram: number };
  /** All weights at this step (Parameters::flat), if `keepWeights`. */
  weights?: Float32Array;
  /** Milliseconds spent in optimiser steps so far (measurement excluded). */
  elapsed: number;
}
export interface TrainRequest {
  /** Stop when this many steps are done in all. */
  until: number;
  /** Measure and report every so many steps (and at the first and last). */
  every: number;
  keepWeights?: boolean;
}

export interface ParameterInfo {
  name: string;
  shape: number[];
  offset: number;
}
export interface ModelInfo {
  id: number;
  config: Required<Pick<ModelConfig, 'vocab' | 'context' | 'layers' | 'width' | 'heads'>> & ModelConfig;
  parameters: ParameterInfo[];
  metadata: Record<string, string>;
}

/**
 * The engine as a widget sees it (through Comlink: every call is asynchronous; failures reject
 * with an Error whose message is fit to be shown). Handles are plain numbers; dispose them.
 */
export interface Engine {
  info(): EngineInfo;

  loadModel(safetensors: Uint8Array): ModelInfo;
  /** A model with given weights (a TrainPoint's), or freshly initialised from `seed`. */
  createModel(config: ModelConfig, weightsOrSeed: Float32Array | number): ModelInfo;
  saveModel(model: number): Uint8Array;
  disposeModel(model: number): void;

  run(model: number, request: RunRequest): RunResult;
  headScores(model: number, on: { tokens: Sequences } | { batch: number; half: number; seed: number }): { heads: HeadScores[]; baseline: HeadScores };
  circuits(model: number, head: HeadRef): Circuits;
  /** [V, V] K-composition of one head into a later one. */
  kComposition(model: number, from: HeadRef, to: HeadRef): TensorData;
  attribution(model: number, tokens: number[], position: number, target: number): Attribution;
  /** target: [size, size], rows sum to 1; size and width at most 64. */
  fitPattern(target: Float32Array, size: number, options: { width: number; steps?: number; seed?: number }): FittedPattern;
  generate(model: number, prompt: number[], count: number, options: { temperature?: number; top_k?: number; top_p?: number; seed?: number }): number[];

  // From here to probe: attn-lab only (`engine: lab` in the page's frontmatter).

  /** What the files are, from config.json and the headers alone. Refuses what is no model that we compute. */
  inspectModel(files: readonly NamedFile[]): Promise<ModelPlan>;
  /** Opens them, piece by piece; `onProgress` hears how many bytes of plan.readBytes have been read. */
  openModel(files: readonly NamedFile[], onProgress?: (read: number) => void, signal?: AbortSignal): Promise<ModelInfo>;

  /** tokenizer.json of this course. Text goes in as it is: fold ё to е before, where the reader sees it. */
  loadTokenizer(json: Uint8Array): TokenizerInfo;
  encode(tokenizer: number, text: string): Encoding;
  /** Whole characters only; U+FFFD where the tokens spell none. Token 0 is silent. */
  decode(tokenizer: number, tokens: number[]): string;
  disposeTokenizer(tokenizer: number): void;
  /**
   * State `number` of a shipped model's training, from the file of its snapshots (core/attn/model/snapshots.hpp). `final` holds the
   * shipped model itself; `after`, if given, holds state number − 1, and saves the way to it.
   */
  loadSnapshot(final: number, file: Uint8Array, number: number, after?: number): ModelInfo & { steps: number[] };

  /** Every place of one site patched alone, the exact effect and its estimate from one gradient. */
  patch(model: number, request: PatchRequest): Patched;
  /** Noise on a subject, one state restored at a time. */
  trace(model: number, request: TraceRequest): Traced;
  /** What each method says of the tokens before an answer, beside what exchanging them does. */
  importance(model: number, request: ImportanceRequest): TokenImportance;
  /** What one sequence's losses and a difference of logits become when something is done to each of several sets of heads. */
  intervene(model: number, request: InterventionRequest): Interventions;
  /** One place read at every depth: after the embeddings and after each layer. */
  lens(model: number, tokens: number[], position: number, target: number): LensState[];

  /** Every edge of the graph of tokens, heads and logits, patched alone. */
  patchPaths(model: number, request: PathsRequest): PatchedPaths;
  /** A linear probe at one point, its control task, and the model without what the probe reads. */
  probe(model: number, request: ProbeRequest): ProbeReport;

  // Collapse and redundancy (attn-lab).
  collapseTower(request: TowerRequest): Tower;
  headSimilarity(model: number, tokens: Sequences): HeadSimilarity;
  /**
   * Next-token losses [K, T − 1] of one text read K times, query i looking at key j only where seen[k, i, j] > 0. `evict`: the
   * share of what is unseen goes to the other keys; `silence`: it stays spent and brings nothing.
   */
  blind(model: number, request: { tokens: number[]; seen: Float32Array; how: 'evict' | 'silence' }): TensorData;

  // What stands in for softmax attention (attn-lab); no model is needed.
  tiledAttention(request: TileRequest): Tiled;
  /** [counts, 5]: the share recalled by a sum, a decayed sum, the delta rule, softmax, softmax that prefers the recent. */
  memoryCapacity(request: CapacityRequest): TensorData;
  featureError(request: FeatureRequest): FeatureErrors;
  /** `count` more steps from `state` (none: from the start). */
  recallSteps(request: RecallOptions & { count: number; measure?: boolean }, state?: Float32Array): RecallRun;

  // Positions by hand (attn-lab).
  rotaryScores(request: RotaryRequest): RotaryScores;
  positionBias(request: { heads: number; distances: number; buckets?: number; max_distance?: number; bidirectional?: boolean }): PositionBias;

  // What comes after attention (attn-lab); no model is needed.
  paritySteps(request: ParityOptions & { count: number; lengths: number[] }, state?: Float32Array): ParityRun;
  /** [5, tokens]: relative error of a sum, a decayed sum, the delta rule, the gated one, softmax over a window. */
  onlineErrors(request: StreamRequest): TensorData;

  // The conclusion (attn-lab).
  schemaSteps(request: SchemaOptions & { count: number }, state?: Float32Array): SchemaRun;
  /** Drive [rows, places], gain.length places: [4, rows, places], core/attn/analysis/gain_field.hpp. */
  gainField(request: { gain: number[]; sigma?: number; pool?: number }, drive: Float32Array): TensorData;

  // Fine-tuning (attn-lab).
  /** `count` more steps of the adapters from `state` (none: from fresh ones). `weights`: the merged model, for createModel. */
  adaptSteps(model: number, request: AdaptOptions & { count: number; measure?: boolean; weights?: boolean }, state?: Float32Array): AdaptRun;
  /** `weights`: of the tuned model. */
  headChange(model: number, request: AdaptTask, weights: Float32Array): HeadChange;
  firstStep(model: number, request: AdaptOptions): FirstStep;
  fourBits(request: FourBitsRequest): FourBits;

  // Where a row explains (attn-lab); no model is needed.
  /** row: weights [N], then values [N, width]; absent where they are drawn. */
  rowFreedom(request: FreedomRequest, row?: Float32Array): RowFreedom;
  poolingSteps(request: PoolingOptions & { count: number }, state?: Float32Array): PoolingRun;
  poolingAccounts(request: PoolingOptions & { sentences?: number; shuffles?: number }, state: Float32Array): PoolingAccounts;

  /** A batch of the task, as the trainer of this seed would draw it for evaluation. */
  taskBatch(task: TaskConfig, batch: number, seed: number): { tokens: Sequences; targets: Sequences; weights: number[][]; match: number[][] };

  // Pruning (attn-lab). Heads in `gone` are out before anything is measured.
  headImportance(model: number, request: Exam & { gone?: HeadRef[]; gradient?: boolean; zero?: boolean; mean?: boolean; writes?: boolean }): HeadImportance;
  /** In the order given, or in one drawn at random from the seed `draw`. */
  removalCurve(model: number, request: Exam & ({ order: HeadRef[] } | { draw: number })): RemovalCurve;
  /** Without some heads: their rows of W_O at zero, or (slice) all their weights cut out; for createModel. */
  pruneHeads(model: number, request: { remove: HeadRef[]; slice?: boolean }): { config: ModelConfig; weights: Float32Array };
  /** The fraction of every output's attention weights set to zero; `calibration` is the seed of what Wanda looks at. */
  maskWeights(model: number, request: Exam & { how: 'magnitude' | 'wanda' | 'random'; fraction: number; calibration: number }): { loss: number; accuracy: number };
  /** `count` more steps of gates and weights from `state` (none: from the model as it is). */
  gateSteps(model: number, request: GateOptions & { count: number; measure?: boolean; weights?: boolean }, state?: Float32Array): GateRun;

  createTrainer(config: TrainConfig): { id: number; model: ModelInfo };
  /**
   * Trains in slices of at most 30 ms, yielding between them, so that pause, cancel and other
   * calls get through. Reports points as they are measured; resolves when done, paused or cancelled.
   */
  train(trainer: number, request: TrainRequest, onPoint: (point: TrainPoint) => void): Promise<{ step: number; stopped: 'done' | 'paused' | 'diverged' }>;
  pause(trainer: number): void;
  /** Complete state as safetensors; restoring continues bit for bit. */
  snapshot(trainer: number): Uint8Array;
  resumeTrainer(snapshot: Uint8Array): { id: number; model: ModelInfo };
  disposeTrainer(trainer: number): void;
}

/** What a page gets from `connect()` (wasm/client/index.ts). */
export interface EngineHost {
  /**
   * Shared worker-backed engine; calls queue in order. `dedicated()` starts one of its own for long training. A core that is late is
   * said after five seconds: shared() rejects then, and waits for it when asked again; dedicated() waits by itself.
   */
  shared(): Promise<RemoteEngine>;
  dedicated(): Promise<RemoteEngine & { terminate(): void }>;
  /** 'idle' before first use; 'failed' carries a sentence for the reader. */
  status(): { state: 'idle' | 'loading' | 'ready' | 'failed' | 'restarted'; message?: string };
  subscribe(listener: (status: ReturnType<EngineHost['status']>) => void): () => void;
}
/** Comlink's view of Engine: every method returns a promise; callbacks are wrapped by the client. */
export type RemoteEngine = {
  [K in keyof Engine]: (...args: Parameters<Engine[K]>) => Promise<Awaited<ReturnType<Engine[K]>>>;
};
