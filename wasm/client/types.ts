// The contract between the pages and the attention core. Widgets see these types and nothing
// else; only the worker touches the WASM module. Shapes use the course's letters:
// B batch, T tokens, S keys, D width, H heads, d head width, V vocabulary, L layers.

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
  kind: 'repeat' | 'copy' | 'recall' | 'markov' | 'ngram' | 'uniform' | 'previous' | 'rarest' | 'last_name' | 'seen' | 'gather' | 'cycle' | 'swap';
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
export interface InterventionRequest {
  tokens: number[];
  heads: HeadRef[];
  /** z of the heads becomes zero, its mean over the places, or what it is on `other`. */
  how: 'zero' | 'mean' | 'patch';
  other?: number[];
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

  // From here to lens: attn-lab only (`engine: lab` in the page's frontmatter).

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
  /** Logits [1, T, V] of one sequence before and after something is done to a set of heads. */
  intervene(model: number, request: InterventionRequest): { before: TensorData; after: TensorData };
  /** One place read at every depth: after the embeddings and after each layer. */
  lens(model: number, tokens: number[], position: number, target: number): LensState[];

  // Collapse and redundancy (attn-lab).
  collapseTower(request: TowerRequest): Tower;
  headSimilarity(model: number, tokens: Sequences): HeadSimilarity;

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
  /** Shared worker-backed engine; calls queue in order. `dedicated()` starts one of its own for long training. */
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
