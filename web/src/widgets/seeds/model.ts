// Several seeds side by side: the index of a head is a trace of the seed, the path is not.
import type { TrainConfig } from '../../../../wasm/client/types';
import { RECIPE, vary } from '../training/recipe.ts';
import { best, births, name, type Births, type RecordedCurve, type Sample } from '../training/samples.ts';

export const COUNT = 4;
/** Workers at once; more would only take turns on two cores. */
export const PARALLEL = 2;
export const EVERY = 25;

export const config = (seed: number): TrainConfig => vary(RECIPE, { seed });
export const seedsFrom = (first: number): number[] => Array.from({ length: COUNT }, (_, i) => first + i);

export interface Path { from: string; to: string; previous: number; induction: number; births: Births; accuracy: number }

/** Which head of layer 0 and which of layer 1 ended up with the roles. */
export function path(samples: readonly Sample[]): Path | null {
  const last = samples.at(-1);
  const [from, to] = [best(last, 'previous', (l) => l === 0), best(last, 'induction', (l) => l === 1)];
  if (!last || !from || !to) return null;
  return { from: name(from), to: name(to), previous: from.previous, induction: to.induction, births: births(samples), accuracy: last.accuracy };
}

/** Runs `jobs` with at most `width` at a time, in order; stops handing out when `stopped` says so. */
export async function inTurns(jobs: readonly (() => Promise<void>)[], width: number, stopped: () => boolean): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < jobs.length && !stopped()) await jobs[next++]!();
  };
  await Promise.all(Array.from({ length: Math.min(width, jobs.length) }, worker));
}

export interface Recorded { commit: string; curves: RecordedCurve[] }
