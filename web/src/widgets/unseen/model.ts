// What a head does not notice: changes of its weights that leave its map, or its answer, as they were. Two models of one
// recipe, one with learned places and one with rotary ones, because the answer depends on it.
import type { ModelInfo, RemoteEngine, TensorData, TrainConfig } from '../../../../wasm/client/types.ts';
import { headMap, headRows, largestGap, matmul, transpose, zeros, type Matrix } from '../specimen/specimen.ts';
import { mulberry } from '../../lib/random.ts';
import { basis } from '../three-ways/model.ts';

export const POSITIONS = ['learned', 'rope'] as const;
export type Position = (typeof POSITIONS)[number];
export const CHANGES = ['gauge', 'turn', 'value', 'alone', 'bk', 'bq', 'bv'] as const;
export type Change = (typeof CHANGES)[number];
export const [TOKENS, LETTERS, WIDTH, HEADS] = [16, 32, 16, 2];
/** How long a bias vector is that is added to one head. */
export const LOUD = 4;
export const STEPS = 400;

/** One layer, two heads, biases everywhere; asked for the letter before. */
export const config = (position: Position, seed: number): TrainConfig & { steps: number } => ({
  model: { vocab: LETTERS, context: TOKENS, layers: 1, width: 32, heads: HEADS, head_width: WIDTH, mlp: 'none', norm: 'pre', norm_kind: 'rms_norm', norm_gain: false, position, qkv_bias: true },
  task: { kind: 'previous', vocab: LETTERS, length: TOKENS }, adamw: { beta1: 0.9, beta2: 0.98, weight_decay: 0.01 },
  schedule: { kind: 'constant', learning_rate: 0.01 }, batch: 32, steps: STEPS, clip: 1, seed,
});

export interface Trained { config: TrainConfig; weights: Float32Array; parameters: ModelInfo['parameters'] }
export async function train(engine: RemoteEngine, position: Position, seed: number): Promise<Trained> {
  const wanted = config(position, seed);
  const { id, model } = await engine.createTrainer(wanted);
  let weights: Float32Array | undefined;
  await engine.train(id, { until: wanted.steps, every: wanted.steps, keepWeights: true }, (p) => (weights = p.weights));
  await engine.disposeTrainer(id);
  if (!weights) throw new Error('обучение прервалось');
  return { config: wanted, weights, parameters: model.parameters };
}

/** Rows of x (any number of them, d wide) times m; in double, stored back in float. */
function timesHead(flat: Float32Array, offset: number, rows: number, stride: number, m: Matrix): void {
  const x = zeros(rows, m.rows);
  for (let i = 0; i < rows; i += 1) for (let c = 0; c < m.rows; c += 1) x.data[i * m.rows + c] = flat[offset + i * stride + c]!;
  const y = matmul(x, m);
  for (let i = 0; i < rows; i += 1) for (let c = 0; c < m.cols; c += 1) flat[offset + i * stride + c] = y.data[i * m.cols + c]!;
}

/** A random turn and stretch of every rotary pair (c, c + d/2): what commutes with all rotations of RoPE. */
export function pairTurn(d: number, next: () => number): { g: Matrix; inverse: Matrix } {
  const [g, inverse] = [zeros(d, d), zeros(d, d)];
  for (let c = 0; c < d / 2; c += 1) {
    const [angle, size, e] = [2 * Math.PI * next(), 0.5 + 2 * next(), c + d / 2];
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const put = (m: Matrix, k: number, s: number): void => {
      [m.data[c * d + c], m.data[c * d + e], m.data[e * d + c], m.data[e * d + e]] = [k * cos, k * s, -k * s, k * cos];
    };
    put(g, size, sin);
    put(inverse, 1 / size, -sin);
  }
  return { g, inverse };
}

/** The weights after one change, made in every head. */
export function changed({ weights, parameters }: Trained, change: Change, seed: number): Float32Array {
  const flat = weights.slice();
  const next = mulberry(seed);
  const offset = (what: string): number => parameters.find((p) => p.name === `blocks.0.attn.${what}`)!.offset;
  const D = 32;
  // W [D, H, d] and b [H, d] of a role, right-multiplied: q → q m.
  const right = (role: string, h: number, m: Matrix): void => {
    timesHead(flat, offset(`W_${role}`) + h * WIDTH, D, HEADS * WIDTH, m);
    timesHead(flat, offset(`b_${role}`) + h * WIDTH, 1, WIDTH, m);
  };
  for (let h = 0; h < HEADS; h += 1) {
    if (change === 'gauge' || change === 'turn' || change === 'alone') {
      const { g, inverse } = change === 'turn' ? pairTurn(WIDTH, next) : basis(WIDTH, next);
      right('Q', h, g);
      if (change !== 'alone') right('K', h, transpose(inverse));
    } else if (change === 'value') {
      const { g, inverse } = basis(WIDTH, next);
      right('V', h, g);
      const at = offset('W_O') + h * WIDTH * D;
      const o: Matrix = { rows: WIDTH, cols: D, data: Float64Array.from(flat.subarray(at, at + WIDTH * D)) };
      flat.set(matmul(inverse, o).data, at);
    } else {
      const at = offset(`b_${change.slice(1).toUpperCase()}`) + h * WIDTH;
      const direction = Array.from({ length: WIDTH }, () => next() - 0.5);
      const length = Math.hypot(...direction);
      direction.forEach((x, c) => (flat[at + c]! += (LOUD * x) / length));
    }
  }
  return flat;
}

export interface View { q: ArrayLike<number>; map: ArrayLike<number>; accuracy: number }
export interface Figure {
  position: Position;
  change: Change;
  seed: number;
  tokens: number[];
  before: View;
  after: View;
  /** Largest difference over 64 rows and all heads: of the coordinates of q, of the map, of what the layer adds. */
  gaps: { q: number; map: number; out: number; uneven: number };
}

async function observe(engine: RemoteEngine, t: Trained, weights: Float32Array, batch: Batch): Promise<{ view: View; q: TensorData; map: TensorData; out: TensorData }> {
  const { id } = await engine.createModel(t.config.model, weights);
  const at = (what: string): string => `blocks.0.${what}`;
  const { tensors } = await engine.run(id, { tokens: batch.tokens, capture: [at('attn.q'), at('attn.pattern'), at('attn_out'), 'logits'] });
  await engine.disposeModel(id);
  const [q, map, out] = [tensors[at('attn.q')]!, tensors[at('attn.pattern')]!, tensors[at('attn_out')]!];
  return { view: { q: headRows(q, 0), map: headMap(map, 0), accuracy: accuracy(tensors['logits']!, batch) }, q, map, out };
}
interface Batch { tokens: number[][]; targets: number[][]; weights: number[][] }
function accuracy(logits: TensorData, batch: Batch): number {
  const [, T, V] = logits.shape as [number, number, number];
  let [right, all] = [0, 0];
  batch.weights.forEach((row, b) => row.forEach((asked, t) => {
    if (!asked) return;
    const own = logits.data.subarray((b * T + t) * V, (b * T + t + 1) * V);
    all += 1;
    if (own.indexOf(Math.max(...own)) === batch.targets[b]![t]) right += 1;
  }));
  return right / all;
}

/** How unequal the change of the layer's answer is between places: 0 when the same vector was added everywhere. */
function uneven(before: TensorData, after: TensorData): number {
  const D = before.shape[2]!;
  let gap = 0;
  for (let i = 0; i < before.data.length; i += 1) gap = Math.max(gap, Math.abs(after.data[i]! - before.data[i]! - (after.data[i % D]! - before.data[i % D]!)));
  return gap;
}

export async function compare(engine: RemoteEngine, t: Trained, change: Change, seed: number): Promise<Figure> {
  const batch = await engine.taskBatch(t.config.task, 64, t.config.seed ?? 1);
  const before = await observe(engine, t, t.weights, batch);
  const after = await observe(engine, t, changed(t, change, seed), batch);
  return {
    position: t.config.model.position as Position, change, seed, tokens: batch.tokens[0]!, before: before.view, after: after.view,
    gaps: { q: largestGap(before.q.data, after.q.data), map: largestGap(before.map.data, after.map.data), out: largestGap(before.out.data, after.out.data), uneven: uneven(before.out, after.out) },
  };
}

/** Trained once a page and position. */
const kept = new Map<Position, Promise<Trained>>();
export async function ask(engine: RemoteEngine, position: Position, change: Change, seed: number): Promise<Figure> {
  let trained = kept.get(position);
  if (!trained) kept.set(position, (trained = train(engine, position, 1)));
  trained.catch(() => kept.delete(position));
  return compare(engine, await trained, change, seed);
}

export interface Summary { position: Position; change: Change; map: number[]; out: number[]; uneven: number[]; accuracy: [number, number][] }
export interface Recorded { commit: string; seed: number; figure: Figure }
