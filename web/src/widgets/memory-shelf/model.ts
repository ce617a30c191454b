// A log that keeps every pair, and states of one fixed size that keep a summary: how many pairs each gives back.
import type { CapacityRequest, RemoteEngine } from '../../../../wasm/client/types';

/** The order of the core's columns. */
export const KINDS = ['additive', 'decayed', 'delta', 'softmax', 'recent'] as const;
export type Kind = (typeof KINDS)[number];
export const NAMES: Record<Kind, string> = { additive: 'сумма', decayed: 'с забыванием', delta: 'дельта-правило', softmax: 'softmax', recent: 'softmax + давность' };
export const COLOURS: Record<Kind, string> = { additive: 'var(--v)', decayed: 'var(--ink-3)', delta: 'var(--accent)', softmax: 'var(--q)', recent: 'var(--k)' };
export const COUNTS = [4, 8, 16, 32, 64, 128, 256] as const;
export const WIDTHS = [16, 32, 64] as const;
export const TRIALS = 20;

export interface Inputs { width: number; versions: number; similarity: number; beta: number; seed: number }
/** share[kind][count], in the order of KINDS and COUNTS. */
export interface Figure extends Inputs { share: number[][] }

export const request = (q: Inputs): CapacityRequest => ({ keys: [...COUNTS], width: q.width, versions: q.versions, similarity: q.similarity, beta: q.beta, trials: TRIALS, seed: q.seed });
export async function ask(engine: Pick<RemoteEngine, 'memoryCapacity'>, { width, versions, similarity, beta, seed }: Inputs): Promise<Figure> {
  const { data } = await engine.memoryCapacity(request({ width, versions, similarity, beta, seed }));
  return { width, versions, similarity, beta, seed, share: KINDS.map((_, k) => COUNTS.map((_, i) => Number(data[i * KINDS.length + k]!.toFixed(4)))) };
}
export const at = (f: Figure, kind: Kind, keys: number): number => f.share[KINDS.indexOf(kind)]![COUNTS.indexOf(keys as (typeof COUNTS)[number])]!;

/** The three questions of the chapter: keys that never return, keys bound four times, keys that resemble one another. */
export const CASES = {
  unique: { width: 32, versions: 1, similarity: 0, beta: 1 },
  again: { width: 32, versions: 4, similarity: 0, beta: 1 },
  alike: { width: 32, versions: 1, similarity: 0.5, beta: 1 },
  gentle: { width: 32, versions: 1, similarity: 0.5, beta: 0.2 },
} as const;
export type Case = keyof typeof CASES;
export interface Recorded { commit: string; figures: (Figure & { name: Case })[] }
export const of = (r: Recorded, name: Case): Figure[] => r.figures.filter((f) => f.name === name);
