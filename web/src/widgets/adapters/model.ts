// A model that continues a repeat is taught another answer through adapters: the runs that chapter 11 shows, live and recorded.
// The base is trained here as well, from the same seed, so that five seeds are five bases.
import type { AdaptRun, AdaptTask, Goal, HeadChange, RemoteEngine, TensorData } from '../../../../wasm/client/types.ts';
import { RECIPE, vary } from '../training/recipe.ts';
import { inSlices } from '../training/slices.ts';

export const GOALS = ['shift', 'permute'] as const satisfies readonly Goal[];
export const GOAL_NAMES: Record<(typeof GOALS)[number], string> = { shift: 'на место дальше', permute: 'другая азбука' };
export const MATRICES = ['q', 'k', 'v', 'o'] as const;
export type Matrices = (typeof MATRICES)[number] | 'qkvo';
export const LAYERS = ['both', '0', '1'] as const;
export type Layers = (typeof LAYERS)[number];
export const RANKS = [1, 2, 4, 8, 16] as const;
export const SEEDS = [1, 2, 3, 4, 5] as const;
export const COLOURS: Record<Matrices, string> = { q: 'var(--q)', k: 'var(--k)', v: 'var(--v)', o: 'var(--o)', qkvo: 'var(--ink)' };
export const NAMES: Record<Matrices, string> = { q: 'W_Q', k: 'W_K', v: 'W_V', o: 'W_O', qkvo: 'все четыре' };
export const BASE_STEPS = 700;
export const STEPS = 400;
export const EVERY = 25;
export const RATE = 0.01;
export const EXAM = 128;
export const L = 2;
export const H = 4;

export interface Choice { goal: (typeof GOALS)[number]; matrices: Matrices; layers: Layers; rank: number; seed: number; rate?: number }

export const task = RECIPE.task;
const about = (q: Choice): AdaptTask => ({ task, goal: q.goal, batch: 32, seed: q.seed });

type Asked = Pick<RemoteEngine, 'createTrainer' | 'train' | 'createModel' | 'disposeTrainer' | 'adaptSteps' | 'headChange' | 'run' | 'taskBatch' | 'disposeModel'>;

/** The course's recipe to its end; weights of seed s. */
export async function trainBase(engine: Asked, seed: number): Promise<Float32Array> {
  const { id } = await engine.createTrainer(vary(RECIPE, { seed, steps: BASE_STEPS }));
  let weights: Float32Array | undefined;
  await engine.train(id, { until: BASE_STEPS, every: BASE_STEPS, keepWeights: true }, (p) => void (weights = p.weights ?? weights));
  await engine.disposeTrainer(id);
  if (!weights) throw new Error('the trainer kept no weights');
  return weights;
}

export interface Point { step: number; accuracy: number; kept: number; loss: number }

/** Adapts a base to the end; `onPoint` returns false to stop. */
export async function adapt(engine: Asked, base: Float32Array, q: Choice, onPoint: (p: Point, run: AdaptRun) => boolean | void, from?: Float32Array, steps = STEPS): Promise<AdaptRun> {
  const { id } = await engine.createModel(RECIPE.model, base);
  try {
    const request = { ...about(q), matrices: q.matrices, rank: q.rank, learning_rate: q.rate ?? RATE, weights: true, ...(q.layers === 'both' ? {} : { layers: [Number(q.layers)] }) };
    return await inSlices(async (count, state) => engine.adaptSteps(id, { ...request, count }, state), steps, EVERY, (run) => onPoint({ step: run.step, accuracy: run.accuracy, kept: run.kept, loss: run.loss }, run), from);
  } finally {
    await engine.disposeModel(id);
  }
}

/** What became of every head, on `EXAM` sequences. */
export async function change(engine: Asked, base: Float32Array, tuned: Float32Array, q: Choice): Promise<HeadChange> {
  const { id } = await engine.createModel(RECIPE.model, base);
  try {
    return await engine.headChange(id, { ...about(q), batch: EXAM }, tuned);
  } finally {
    await engine.disposeModel(id);
  }
}

export const PLACES = ['t − 1', 't − 2', 'прежнее место', 'на 1 дальше', 'на 2 дальше'] as const;

/** Mean weight of each head at five places, [L·H][5], over the positions that are asked: one back, two back, the same token before, the one after it (the old answer), the one after that (the shifted answer). */
export async function looks(engine: Asked, weights: Float32Array, seed: number): Promise<number[][]> {
  const { id } = await engine.createModel(RECIPE.model, weights);
  try {
    const batch = await engine.taskBatch(task, 32, seed);
    const layers = Array.from({ length: L }, (_, l) => `blocks.${l}.attn.pattern`);
    const { tensors } = await engine.run(id, { tokens: batch.tokens, capture: layers });
    return layers.flatMap((name) => lookOf(tensors[name]!, batch));
  } finally {
    await engine.disposeModel(id);
  }
}

function lookOf(pattern: TensorData, batch: { weights: number[][]; match: number[][] }): number[][] {
  const [, heads, T] = pattern.shape as [number, number, number, number];
  return Array.from({ length: heads }, (_, h) => {
    const sums = PLACES.map(() => 0);
    let asked = 0;
    batch.weights.forEach((row, b) => row.forEach((w, t) => {
      if (!(w > 0)) return;
      const m = batch.match[b]![t]!;
      [t - 1, t - 2, m, m + 1, m + 2].forEach((s, i) => { sums[i]! += pattern.data[((b * heads + h) * T + t) * T + s]!; });
      asked += 1;
    }));
    return sums.map((x) => x / asked);
  });
}

export const TEXT = 'вьюгашумитвьюгашуми';
const LETTERS = 'абвгдежзийклмнопрстуфхцчшщъыьэюя';

/** Every head's map of TEXT, [L·H] of [T, T]. */
export async function maps(engine: Asked, weights: Float32Array): Promise<Float32Array[]> {
  const { id } = await engine.createModel(RECIPE.model, weights);
  try {
    const T = TEXT.length;
    const { tensors } = await engine.run(id, { tokens: [Array.from(TEXT, (c) => LETTERS.indexOf(c))], capture: ['blocks.0.attn.pattern', 'blocks.1.attn.pattern'] });
    return [0, 1].flatMap((l) => Array.from({ length: H }, (_, h) => tensors[`blocks.${l}.attn.pattern`]!.data.slice(h * T * T, (h + 1) * T * T)));
  } finally {
    await engine.disposeModel(id);
  }
}

/** Lower triangles, sixteen levels, two to a byte, base64: a recorded map is a picture; what is computed now is exact. */
export function pack(all: readonly ArrayLike<number>[]): string {
  const cells = all.flatMap((m) => Array.from(m, (x) => Math.round(x * 15)));
  const bytes = Array.from({ length: Math.ceil(cells.length / 2) }, (_, i) => cells[2 * i]! * 16 + (cells[2 * i + 1] ?? 0));
  return btoa(String.fromCharCode(...bytes));
}
export function unpack(text: string): Float32Array[] {
  const T = TEXT.length;
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const cell = (i: number): number => (i % 2 === 0 ? bytes[i >> 1]! >> 4 : bytes[i >> 1]! & 15) / 15;
  const size = (T * (T + 1)) / 2;
  return Array.from({ length: Math.floor((2 * bytes.length) / size) }, (_, k) => {
    const map = new Float32Array(T * T);
    let at = k * size;
    for (let t = 0; t < T; t += 1) for (let s = 0; s <= t; s += 1) map[t * T + s] = cell(at++);
    return map;
  });
}

/** Two heads tell the story: the one of layer 0 that looks most at the token before, the one of layer 1 that looks most at the old answer. */
export function storytellers(look: readonly number[][]): [number, number] {
  const best = (from: number, place: number): number => Array.from({ length: H }, (_, h) => from + h).reduce((a, b) => (look[b]![place]! > look[a]![place]! ? b : a));
  return [best(0, 0), best(H, 3)];
}
