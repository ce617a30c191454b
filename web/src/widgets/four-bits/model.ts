// Sixteen levels against numbers of several kinds: drawn ones and the weights of two trained models.
import type { FourBitsRequest, RemoteEngine } from '../../../../wasm/client/types.ts';
import { RECIPE } from '../training/recipe.ts';

export const SOURCES = ['normal', 'student', 'uniform', 'repeat-2l', 'ru-small'] as const;
export type Source = (typeof SOURCES)[number];
export const WORDS: Record<Source, string> = { normal: 'нормальные', student: 'Стьюдент, ν = 5', uniform: 'равномерные', 'repeat-2l': 'веса repeat-2l', 'ru-small': 'веса ru-small' };
export const CODES = ['NF4', 'INT4', 'FP4'] as const;
export const COLOURS = ['var(--q)', 'var(--k)', 'var(--v)'] as const;
export const BLOCKS = [32, 64, 128, 256, 512, 1024] as const;
export const SEEDS = [1, 2, 3, 4, 5] as const;

export interface Inputs { source: Source; block: number; double: boolean; seed: number }
export interface Figure extends Inputs {
  bits: number;
  weights: number;
  /** Of NF4, INT4, FP4. */
  error: number[];
  entropy: number[];
  used: number[][];
  levels: number[][];
  /** Of the model as it is and with each code; NaN where there is no model. */
  loss?: number[];
  accuracy?: number[];
}

/** What a source is asked by: a model's number, and the text or the task that judges it. */
export type Judge = Pick<FourBitsRequest, 'model' | 'tokens' | 'task' | 'batch'>;
export const repeatJudge = (model: number): Judge => ({ model, task: RECIPE.task, batch: 128 });

const split = (data: ArrayLike<number>): number[][] => [0, 1, 2].map((c) => Array.from({ length: 16 }, (_, i) => data[c * 16 + i]!));

export async function ask(engine: Pick<RemoteEngine, 'fourBits'>, q: Inputs, judge: Judge | null): Promise<Figure> {
  const kind = q.source === 'repeat-2l' || q.source === 'ru-small' ? 'model' : q.source;
  const f = await engine.fourBits({ source: kind, block: q.block, double: q.double, seed: q.seed, ...(kind === 'model' && judge ? judge : {}) });
  return {
    ...q, bits: f.bits, weights: f.weights, error: Array.from(f.error.data), entropy: Array.from(f.entropy.data), used: split(f.used.data), levels: split(f.levels.data),
    ...(f.loss && { loss: Array.from(f.loss.data) }), ...(f.accuracy && { accuracy: Array.from(f.accuracy.data) }),
  };
}

/** Levels that are there: INT4 and FP4 have fifteen, the sixteenth place is empty. */
export const bars = (f: Figure, code: number): { level: number; share: number }[] =>
  f.levels[code]!.map((level, i) => ({ level, share: f.used[code]![i]! })).slice(0, code === 0 ? 16 : 15);

export interface Recorded {
  commit: string;
  /** The same for every figure, so they are kept once. */
  levels: number[][];
  /** Seed 1. */
  figures: Omit<Figure, 'levels'>[];
  /** Draws of five seeds at blocks of 64, by source: [seed][code]. */
  errors: Record<'normal' | 'student' | 'uniform', number[][]>;
  entropies: Record<'normal' | 'student' | 'uniform', number[][]>;
  /** ru-small: losses of each text at blocks of 64, [text][4]. */
  texts: number[][];
  /** repeat-2l: [seed of the exam][4]. */
  accuracy: number[][];
  loss: number[][];
  /** The same two models with scales in eight bits, blocks of 64. */
  twice: Record<'repeat-2l' | 'ru-small', { error: number[]; loss: number[] }>;
}
export const figureOf = (r: Recorded, source: Source, block: number): Figure => ({ ...r.figures.find((f) => f.source === source && f.block === block)!, levels: r.levels });
