// The in-context Markov chain: which of three strategies the model is closest to, and in which order they come.
import type { TrainConfig, TrainPoint } from '../../../../wasm/client/types';

export const STRATEGIES = ['uniform', 'unigram', 'bigram'] as const;
export type Strategy = (typeof STRATEGIES)[number];
export const NAMES: Record<Strategy, string> = { uniform: 'равномерная', unigram: 'частоты', bigram: 'пары' };
export const EVERY = 40;

export const config = (seed: number): TrainConfig => ({
  model: { vocab: 3, context: 64, layers: 2, width: 32, heads: 1, mlp: 'none', norm: 'pre', norm_kind: 'rms_norm', norm_gain: false, position: 'learned' },
  task: { kind: 'markov', vocab: 3, length: 64, order: 1 },
  adamw: { beta1: 0.9, beta2: 0.98, weight_decay: 0.01 },
  schedule: { kind: 'constant', learning_rate: 0.003 },
  batch: 32, steps: 2400, clip: 1, seed,
});

export interface Divergence { step: number; uniform: number; unigram: number; bigram: number }
export const toDivergence = (p: TrainPoint): Divergence | null => (p.strategies ? { step: p.step, ...p.strategies } : null);

export const closest = (d: Divergence): Strategy => STRATEGIES.reduce((top, s) => (d[s] < d[top] ? s : top));

/** Steps at which the closest strategy changes, with its new name; the first entry is the start. */
export function phases(run: readonly Divergence[]): { step: number; strategy: Strategy }[] {
  const out: { step: number; strategy: Strategy }[] = [];
  for (const d of run) if (out.at(-1)?.strategy !== closest(d)) out.push({ step: d.step, strategy: closest(d) });
  return out;
}

/** Step of each curve's minimum. */
export const minima = (run: readonly Divergence[]): Record<Strategy, number> =>
  Object.fromEntries(STRATEGIES.map((s) => [s, run.reduce((top, d) => (d[s] < top[s] ? d : top)).step])) as Record<Strategy, number>;

/** The expectation of the text: minima come in the order uniform → unigram → bigram. */
export function ordered(run: readonly Divergence[]): boolean {
  const m = minima(run);
  return m.uniform < m.unigram && m.unigram < m.bigram;
}

export interface Recorded { seed: number; commit: string; steps: number[]; uniform: number[]; unigram: number[]; bigram: number[] }
export const unpack = (r: Recorded): Divergence[] => r.steps.map((step, i) => ({ step, uniform: r.uniform[i]!, unigram: r.unigram[i]!, bigram: r.bigram[i]! }));
