// One layer learns to copy after a trigger and to keep quiet otherwise. How it keeps quiet depends on what it may do with its
// one unit of attention: spend it, leave it, or shut a gate.
import type { ModelInfo, RemoteEngine, TensorData, TrainConfig } from '../../../../wasm/client/types.ts';
import { median } from '../../lib/statistics.ts';

export const LETTERS = 'абвгдежзиклмнопрстуфхцчш';
export const VOCAB = LETTERS.length + 1; // 0: the start
export const TRIGGERS = 3; // the last letters; backcopy_triggers of the core
export const HEADS = 4;
export const LENGTH = 48;
export const STEPS = 1000;
export const EVERY = 50;
export const BATCH = 64;
/** The distance of the control key, and how far the model with a window sees: behind it the start is out of sight. */
export const CONTROL = 8;
/** Of the map that is drawn. */
export const SHOWN = 24;

/** Softmax as it is; with a null score of 0; with a learned one; with gates; and softmax that sees nothing of ⊢. */
export const KINDS = ['softmax', 'zero', 'learned', 'gate', 'window'] as const;
export type Kind = (typeof KINDS)[number];

export const config = (kind: Kind, seed: number): TrainConfig & { steps: number } => ({
  model: {
    vocab: VOCAB, context: LENGTH, layers: 1, width: 48, heads: HEADS, mlp: 'gelu', mlp_width: 96, norm: 'pre', norm_kind: 'layer_norm', position: 'rope',
    ...(kind === 'window' ? { window: CONTROL } : {}), ...(kind === 'zero' || kind === 'learned' ? { null_score: kind } : {}), ...(kind === 'gate' ? { token_gates: true } : {}),
  },
  task: { kind: 'backcopy', vocab: VOCAB, length: LENGTH },
  adamw: { beta1: 0.9, beta2: 0.98, weight_decay: 0 },
  schedule: { kind: 'constant', learning_rate: 0.01 },
  batch: 16, steps: STEPS, clip: 1, seed,
});
/** A start, letters, triggers in capitals. */
export const nameOf = (token: number): string => (token === 0 ? '⊢' : token >= VOCAB - TRIGGERS ? LETTERS[token - 1]!.toUpperCase() : LETTERS[token - 1]!);

/** One number for letters that ask nothing of the past, one for triggers. */
export interface Both { idle: number; trigger: number }
export interface HeadFacts {
  /** Weight on ⊢. */
  first: Both;
  /** Weight on the place that should be copied, the letter before, and on itself; not in the page's recording. */
  before?: Both;
  self?: Both;
  /** What the row leaves unspent. */
  unspent: Both;
  /** Mean gate; 1 without gates. */
  gate: Both;
  /** ‖z W_O‖, gate included: how loud the head is. */
  loud: Both;
  /** ‖v_⊢‖ by the median of the others. */
  value: number;
}
export interface Facts {
  kind: Kind;
  seed: number;
  loss: Both;
  heads: HeadFacts[];
  /** Rise of the loss, nats: ⊢ is out of sight of all behind it. */
  evicted: Both;
  /** The same for another place: the letter eight before. */
  control: Both;
}
export interface Figure extends Facts {
  tokens: string[];
  /** [HEADS][SHOWN × SHOWN] of the first sequence. */
  maps: number[][];
}
const mean = (x: readonly number[]): number => (x.length === 0 ? NaN : x.reduce((a, b) => a + b, 0) / x.length);
const site = (tensors: Record<string, TensorData>, name: string): TensorData => {
  const found = tensors[name];
  if (!found) throw new Error(`the engine sent no ${name}`);
  return found;
};
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

interface Place { b: number; t: number; trigger: boolean }
/** Rows that are counted: not the start, and with a control key behind them. */
export function places(match: readonly (readonly number[])[]): Place[] {
  return match.flatMap((row, b) => row.flatMap((m, t) => (t > CONTROL ? [{ b, t, trigger: m >= 0 }] : [])));
}
export function both(at: readonly Place[], value: (p: Place) => number): Both {
  return { idle: mean(at.filter((p) => !p.trigger).map(value)), trigger: mean(at.filter((p) => p.trigger).map(value)) };
}

/** Weights as the trainer reports them, by name. */
export const weightsOf = (info: ModelInfo, flat: Float32Array, name: string): Float32Array => {
  const p = info.parameters.find((x) => x.name === name);
  if (!p) throw new Error(`the model has no ${name}`);
  return flat.subarray(p.offset, p.offset + p.shape.reduce((a, b) => a * b, 1));
};

export async function measure(engine: RemoteEngine, info: ModelInfo, flat: Float32Array, kind: Kind, seed: number): Promise<Figure> {
  const batch = await engine.taskBatch(config(kind, seed).task, BATCH, seed);
  const [D, H] = [info.config.width, HEADS];
  const d = D / H;
  const T = LENGTH;
  const at = places(batch.match);
  const SCORES = 'blocks.0.attn.attn_scores';
  const { tensors } = await engine.run(info.id, { tokens: batch.tokens, capture: ['blocks.0.attn.pattern', 'blocks.0.attn.v', 'blocks.0.attn.result', 'blocks.0.attn_in', SCORES, 'logits'] });
  const [pattern, v, result, input] = (['pattern', 'v', 'result'] as const).map((s) => site(tensors, `blocks.0.attn.${s}`).data).concat(site(tensors, 'blocks.0.attn_in').data) as [Float32Array, Float32Array, Float32Array, Float32Array];
  const weight = (p: Place, h: number, s: number): number => pattern[((p.b * H + h) * T + p.t) * T + s]!;
  const gates = kind === 'gate' ? weightsOf(info, flat, 'blocks.0.attn.W_gate') : null;
  const gate = (p: Place, h: number): number => {
    if (!gates) return 1;
    let sum = 0;
    for (let i = 0; i < D; i += 1) sum += input[(p.b * T + p.t) * D + i]! * gates[i * H + h]!;
    return sigmoid(sum);
  };
  const norm = (x: Float32Array, from: number, n: number): number => Math.hypot(...x.subarray(from, from + n));
  const heads = Array.from({ length: H }, (_, h): HeadFacts => ({
    first: both(at, (p) => weight(p, h, 0)),
    before: both(at, (p) => weight(p, h, p.t - 1)),
    self: both(at, (p) => weight(p, h, p.t)),
    unspent: both(at, (p) => { let sum = 0; for (let s = 0; s <= p.t; s += 1) sum += weight(p, h, s); return Math.max(0, 1 - sum); }),
    gate: both(at, (p) => gate(p, h)),
    loud: both(at, (p) => norm(result, ((p.b * T + p.t) * H + h) * D, D)),
    value: norm(v, h * d, d) / median(Array.from({ length: T - 1 }, (_, t) => norm(v, ((t + 1) * H + h) * d, d))),
  }));
  const losses = (logits: Float32Array): Both => both(at, (p) => lossAt(logits, (p.b * T + p.t) * VOCAB, batch.targets[p.b]![p.t]!));
  const loss = losses(site(tensors, 'logits').data);
  const scores = site(tensors, SCORES);
  const without = async (key: (t: number) => number): Promise<Both> => {
    const cut = scores.data.slice();
    for (let r = 0; r < BATCH * H; r += 1) for (let t = 1; t < T; t += 1) if (key(t) >= 0) cut[(r * T + t) * T + key(t)] = -Infinity;
    const after = losses(site((await engine.run(info.id, { tokens: batch.tokens, capture: ['logits'], replace: [{ name: SCORES, value: { shape: scores.shape, data: cut } }] })).tensors, 'logits').data);
    return { idle: after.idle - loss.idle, trigger: after.trigger - loss.trigger };
  };
  return {
    kind, seed, loss, heads, evicted: await without(() => 0), control: await without((t) => t - CONTROL),
    tokens: batch.tokens[0]!.slice(0, SHOWN).map(nameOf),
    maps: Array.from({ length: H }, (_, h) => Array.from({ length: SHOWN * SHOWN }, (_, i) => pattern[(h * T + Math.floor(i / SHOWN)) * T + (i % SHOWN)]!)),
  };
}
/** −log p of one target from its row of logits. */
export function lossAt(logits: Float32Array, from: number, target: number): number {
  let top = -Infinity;
  for (let j = 0; j < VOCAB; j += 1) top = Math.max(top, logits[from + j]!);
  let sum = 0;
  for (let j = 0; j < VOCAB; j += 1) sum += Math.exp(logits[from + j]! - top);
  return Math.log(sum) + top - logits[from + target]!;
}

/** The heads of a model as one: means, and the strongest sink among them. */
export function summary(f: Facts): { first: Both; strongest: number; unspent: Both; gate: Both; loud: Both; sinks: number; value: number } {
  const over = (key: 'first' | 'unspent' | 'gate' | 'loud'): Both => ({ idle: mean(f.heads.map((h) => h[key].idle)), trigger: mean(f.heads.map((h) => h[key].trigger)) });
  return { first: over('first'), strongest: Math.max(...f.heads.map((h) => h.first.idle)), unspent: over('unspent'), gate: over('gate'), loud: over('loud'), sinks: f.heads.filter((h) => h.first.idle > 0.3).length, value: median(f.heads.map((h) => h.value)) };
}

/** A head in the recording: first, unspent, gate, loud (idle and trigger of each), value. */
export type Packed = readonly number[];
export const packHead = (h: HeadFacts): Packed => [...[h.first, h.unspent, h.gate, h.loud].flatMap((b) => [b.idle, b.trigger]), h.value];
export function unpackHead(p: Packed): HeadFacts {
  const at = (i: number): Both => ({ idle: p[2 * i]!, trigger: p[2 * i + 1]! });
  return { first: at(0), unspent: at(1), gate: at(2), loud: at(3), value: p[8]! };
}
export interface Recording { commit: string; runs: (Omit<Facts, 'heads'> & { heads: Packed[] })[] }
export const unpackRuns = ({ runs }: Recording): Facts[] => runs.map((r) => ({ ...r, heads: r.heads.map(unpackHead) }));
