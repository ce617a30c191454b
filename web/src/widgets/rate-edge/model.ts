// Learning rates up to where training breaks, and what moves that place: one remedy at a time against a bare recipe.
import type { RemoteEngine, TrainConfig, TrainPoint } from '../../../../wasm/client/types.ts';
import { median } from '../../lib/statistics.ts';
import { jacobian } from '../gradient-lottery/model.ts';
import { RECIPE, vary, type Change } from '../training/recipe.ts';

export const STEPS = 300;
export const EVERY = 30;
export const WARMUP = 100;
export const RATES = [0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256] as const;
export const REMEDIES = ['bare', 'clip', 'warmup', 'cap30', 'cap4', 'norm', 'unscaled'] as const;
export type Remedy = (typeof REMEDIES)[number];

const CHANGES: Record<Remedy, Change & { clip?: number }> = {
  bare: {}, clip: { clip: 1 }, warmup: { schedule: { warmup: WARMUP } }, cap30: { model: { softcap: 30 } }, cap4: { model: { softcap: 4 } },
  norm: { model: { qk_norm: true } }, unscaled: { model: { scale: 1 } },
};
export function config(remedy: Remedy, rate: number, seed: number): TrainConfig & { steps: number } {
  const { clip = 0, schedule, model, ...rest } = CHANGES[remedy];
  return { ...vary(RECIPE, { ...rest, model: { ...model }, schedule: { kind: 'constant', learning_rate: rate, ...schedule }, seed }), clip, steps: STEPS };
}

/** What the attention of a model in training looks like on a batch: means over rows that have a choice, and the largest |score|. */
export interface Look { step: number; entropy: number; passes: number; score: number }

export function look(patterns: readonly Float32Array[], scores: readonly Float32Array[], T: number): Omit<Look, 'step'> {
  let [entropy, passes, rows, score] = [0, 0, 0, 0];
  for (const p of patterns)
    for (let at = 0; at < p.length; at += T) {
      const n = ((at / T) % T) + 1; // a causal row t sees t + 1 keys
      if (n === 1) continue;
      passes += jacobian(p, at, n);
      for (let j = at; j < at + n; j += 1) if (p[j]! > 0) entropy -= p[j]! * Math.log(p[j]!);
      rows += 1;
    }
  for (const s of scores) for (const x of s) if (Number.isFinite(x)) score = Math.max(score, Math.abs(x));
  return { entropy: entropy / rows, passes: passes / rows, score };
}

type Asked = Pick<RemoteEngine, 'createModel' | 'run' | 'taskBatch' | 'disposeModel'>;
/** The same of a training point, from its weights: the trainer's own evaluation rows, shown to a model made of them. */
export async function lookAt(engine: Asked, c: TrainConfig, point: TrainPoint): Promise<Look> {
  const { tokens } = await engine.taskBatch(c.task, 16, c.seed ?? 1);
  const { id } = await engine.createModel(c.model, point.weights!);
  const names = (site: string): string[] => Array.from({ length: c.model.layers }, (_, l) => `blocks.${l}.attn.${site}`);
  const [patterns, scores] = [names('pattern'), names('attn_scores')];
  try {
    const { tensors } = await engine.run(id, { tokens, capture: [...patterns, ...scores] });
    const data = (n: string): Float32Array => tensors[n]!.data;
    return { step: point.step, ...look(patterns.map(data), scores.map(data), tokens[0]!.length) };
  } finally {
    await engine.disposeModel(id);
  }
}

/** One remedy at one rate: what five seeds ended with, and the way of seed 1. */
export interface Cell { remedy: Remedy; rate: number; loss: number[]; accuracy: number[]; entropy: number[]; passes: number[]; score: number[]; way: { loss: number[]; passes: number[]; score: number[] } }
export interface Recorded { commit: string; seeds: number[]; steps: number[]; cells: Cell[] }
export const of = (r: Recorded, remedy: Remedy): Cell[] => r.cells.filter((c) => c.remedy === remedy);
export const cell = (r: Recorded, remedy: Remedy, rate: number): Cell => r.cells.find((c) => c.remedy === remedy && c.rate === rate)!;
export const learnt = (c: Cell): boolean => median(c.accuracy) >= 0.5;
/** The largest rate of the grid at which the median seed has learnt; 0 if none. */
export const edge = (r: Recorded, remedy: Remedy): number => Math.max(0, ...of(r, remedy).filter(learnt).map((c) => c.rate));
export { median };
