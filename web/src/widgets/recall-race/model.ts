// One layer trained to recall sixteen pairs, with six memories and four widths of the key.
import { inSlices } from '../training/slices.ts';
import type { MemoryName, RecallOptions, RecallRun, RemoteEngine } from '../../../../wasm/client/types';

export const MEMORIES = ['softmax', 'additive', 'positive', 'decayed', 'delta', 'gated'] as const satisfies readonly MemoryName[];
export const NAMES: Record<MemoryName, string> = { softmax: 'softmax', additive: 'сумма', positive: 'elu + 1', decayed: 'с забыванием', delta: 'дельта', gated: 'дельта с забыванием' };
export const COLOURS: Record<MemoryName, string> = { softmax: 'var(--q)', additive: 'var(--v)', positive: 'var(--k)', decayed: 'var(--ink-3)', delta: 'var(--accent)', gated: 'var(--o)' };
export const WIDTHS = [2, 4, 8, 16] as const;
export const PAIRS = 16;
export const STEPS = 400;
export const EVERY = 25;
export const SEEDS = [1, 2, 3, 4, 5] as const;
export const options = (memory: MemoryName, key_width: number, seed: number): RecallOptions => ({ memory, key_width, pairs: PAIRS, batch: 32, seed });

export interface Point { step: number; accuracy: number; loss: number }
export const pointOf = (r: RecallRun): Point => ({ step: r.step, accuracy: r.accuracy, loss: r.loss });

/** Trains to the end, a slice at a time; `onPoint` returns false to stop. */
export function train(engine: Pick<RemoteEngine, 'recallSteps'>, q: RecallOptions, onPoint: (p: Point, run: RecallRun) => boolean | void, from?: Float32Array): Promise<RecallRun> {
  return inSlices((count, state) => engine.recallSteps({ ...q, count }, state), STEPS, EVERY, (run) => onPoint(pointOf(run), run), from);
}

/** Accuracy at the end: of[memory][width] is one number per seed. Curves: the way of seed 1. */
export interface Recorded {
  commit: string;
  steps: number;
  ends: { memory: MemoryName; width: number; accuracy: number[]; memoryNumbers: number }[];
  curves: { memory: MemoryName; width: number; accuracy: number[] }[];
}
export const endOf = (r: Recorded, memory: MemoryName, width: number) => r.ends.find((e) => e.memory === memory && e.width === width)!;
export { median } from '../../lib/statistics.ts';
