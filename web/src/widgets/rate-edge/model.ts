// Learning rates up to where training breaks, and what moves that place: one remedy at a time against a bare recipe.
import type { RemoteEngine, TrainConfig, TrainPoint } from '../../../../wasm/client/types.ts';
import { median } from '../../lib/statistics.ts';
import { jacobian } from '../gradient-lottery/model.ts';
import { SMALL } from '../norm-place/model.ts';

export const STEPS = 200;
export const EVERY = 20;
export const WARMUP = 100;
export const RATES = [0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256] as const;
export const REMEDIES = ['bare', 'clip', 'warmup', 'cap30', 'cap3', 'norm', 'unscaled'] as const;
export type Remedy = (typeof REMEDIES)[number];

type Change = { clip?: number; warmup?: number; model?: Partial<TrainConfig['model']> };
/** cap3 is √d = √8, the bound that QK-norm puts. */
const CHANGES: Record<Remedy, Change> = {
  bare: {}, clip: { clip: 1 }, warmup: { warmup: WARMUP }, cap30: { model: { softcap: 30 } }, cap3: { model: { softcap: Math.sqrt(8) } },
  norm: { model: { qk_norm: true } }, unscaled: { model: { scale: 1 } },
};
export function config(remedy: Remedy, rate: number, seed: number): TrainConfig & { steps: number } {
  const { clip = 0, warmup = 0, model } = CHANGES[remedy];
  return { ...SMALL, model: { ...SMALL.model, layers: 2, ...model }, schedule: { kind: 'constant', learning_rate: rate, warmup }, clip, steps: STEPS, seed };
}

/** What the attention of a model in training looks like: means over rows that have a choice, the largest |score|, the mean slope 1 − (z/c)² of the cap. */
export interface Look { step: number; entropy: number; passes: number; score: number; slope: number }

export function look(patterns: readonly Float32Array[], scores: readonly Float32Array[], T: number, cap = 0): Omit<Look, 'step'> {
  let [entropy, passes, rows, score, slope, seen] = [0, 0, 0, 0, 0, 0];
  for (const p of patterns)
    for (let at = 0; at < p.length; at += T) {
      const n = ((at / T) % T) + 1; // a causal row t sees t + 1 keys
      if (n === 1) continue;
      passes += jacobian(p, at, n);
      for (let j = at; j < at + n; j += 1) if (p[j]! > 0) entropy -= p[j]! * Math.log(p[j]!);
      rows += 1;
    }
  for (const s of scores)
    for (const x of s) {
      if (!Number.isFinite(x)) continue; // masked
      score = Math.max(score, Math.abs(x));
      slope += cap > 0 ? 1 - (x / cap) ** 2 : 1;
      seen += 1;
    }
  return { entropy: entropy / rows, passes: passes / rows, score, slope: slope / seen };
}

type Asked = Pick<RemoteEngine, 'createModel' | 'run' | 'taskBatch' | 'disposeModel'>;
/** The same of a training point, from its weights: the trainer's own evaluation rows, shown to a model made of them. */
export async function lookAt(engine: Asked, c: TrainConfig, point: TrainPoint): Promise<Look> {
  const { tokens } = await engine.taskBatch(c.task, 32, c.seed ?? 1);
  const { id } = await engine.createModel(c.model, point.weights!);
  const names = (site: string): string[] => Array.from({ length: c.model.layers }, (_, l) => `blocks.${l}.attn.${site}`);
  const [patterns, scores] = [names('pattern'), names('attn_scores')];
  try {
    const { tensors } = await engine.run(id, { tokens, capture: [...patterns, ...scores] });
    const data = (n: string): Float32Array => tensors[n]!.data;
    return { step: point.step, ...look(patterns.map(data), scores.map(data), tokens[0]!.length, Number(c.model.softcap ?? 0)) };
  } finally {
    await engine.disposeModel(id);
  }
}

/** One remedy at one rate: what five seeds ended with, and the way of seed 1. */
export interface Cell { remedy: Remedy; rate: number; loss: number[]; accuracy: number[]; entropy: number; passes: number; score: number; slope: number; way: { loss: number[]; passes: number[]; score: number[] } }
export interface Recorded { commit: string; seeds: number[]; steps: number[]; cells: Cell[] }
export const of = (r: Recorded, remedy: Remedy): Cell[] => r.cells.filter((c) => c.remedy === remedy);
export const cell = (r: Recorded, remedy: Remedy, rate: number): Cell => r.cells.find((c) => c.remedy === remedy && c.rate === rate)!;
export const learnt = (c: Pick<Cell, 'accuracy'>): boolean => Math.min(...c.accuracy) >= 0.9;
/** The largest rate of the grid at which every seed has learnt; 0 if there is none. */
export const edge = (r: Recorded, remedy: Remedy): number => Math.max(0, ...of(r, remedy).filter(learnt).map((c) => c.rate));
export { median };
