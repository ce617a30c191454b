// A controller follows a target through one softmax head: what it is told of its own attention, and what that is worth.
// The recording is made natively, two seeds at a time (bench/experiments/schema.cpp): schema OUT.json COMMIT 3000 11 12, …
import { inSlices } from '../training/slices.ts';
import { median } from '../../lib/statistics.ts';
import type { RemoteEngine, SchemaExam, SchemaRun } from '../../../../wasm/client/types.ts';

export const WIRINGS = ['none', 'aside', 'fed', 'free', 'mirror'] as const;
export type Wiring = (typeof WIRINGS)[number];
export const NAMES: Record<Wiring, string> = { none: 'ничего не знает', aside: 'предсказывает, но не читает', fed: 'читает предсказание', free: 'те же провода, но не учат предсказывать', mirror: 'читает саму строку' };
export const SHORT: Record<Wiring, string> = { none: 'ничего не знает', aside: 'предсказывает', fed: 'читает предсказание', free: 'те же провода', mirror: 'читает строку' };
export const COLOURS: Record<Wiring, string> = { none: 'var(--ink-3)', aside: 'var(--k)', fed: 'var(--accent)', free: 'var(--v)', mirror: 'var(--q)' };
export const STEPS = 3000;
export const EVERY = 100;
/** Others than those on which the task was made (1 to 5). */
export const SEEDS = [11, 12, 13, 14, 15, 16, 17, 18, 19, 20] as const;
export const PLACES = 8;

export interface Point { step: number; own: SchemaExam; foreign: SchemaExam }
export const pointOf = ({ step, own, foreign }: SchemaRun): Point => ({ step, own, foreign });

/** Trains to the end, a slice at a time; `onPoint` returns false to stop. */
export function train(engine: Pick<RemoteEngine, 'schemaSteps'>, q: { wiring: Wiring; seed: number }, onPoint: (p: Point, run: SchemaRun) => boolean | void, from?: Float32Array): Promise<SchemaRun> {
  return inSlices((count, state) => engine.schemaSteps({ ...q, count }, state), STEPS, EVERY, (run) => onPoint(pointOf(run), run), from);
}

export interface Run { wiring: Wiring; seed: number; own: SchemaExam; foreign: number; curve: number[] }
export interface Recorded { commit: string; runs: Run[] }
export const of = (r: Recorded, wiring: Wiring): Run[] => r.runs.filter((x) => x.wiring === wiring);
export const values = (r: Recorded, wiring: Wiring, what: (x: Run) => number): number[] => of(r, wiring).map(what);
/** On how many seeds `a` has a larger value than `b`; the same seed draws the same weights and the same world. */
export function wins(r: Recorded, a: Wiring, b: Wiring, what: (x: Run) => number = (x) => x.own.accuracy): number {
  const other = new Map(of(r, b).map((x) => [x.seed, what(x)]));
  return of(r, a).filter((x) => what(x) > (other.get(x.seed) ?? Infinity)).length;
}
/** Median of the recorded accuracies by step. */
export const curve = (r: Recorded, wiring: Wiring): [number, number][] => of(r, wiring)[0]!.curve.map((_, i) => [i * CURVE_EVERY, median(values(r, wiring, (x) => x.curve[i]!))]);
export const CURVE_EVERY = 300;
export { median };
