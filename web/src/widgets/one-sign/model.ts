// Parity with four mixers: what lets a state keep a bit, and for how long.
import { inSlices } from '../training/slices.ts';
import type { ParityOptions, ParityRun, RemoteEngine } from '../../../../wasm/client/types';

export const MIXERS = ['positive', 'signed', 'exact', 'attention'] as const;
export type Mixer = (typeof MIXERS)[number];
export const NAMES: Record<Mixer, string> = { positive: 'вентиль от 0 до 1', signed: 'вентиль от −1 до 1', exact: 'знак дан', attention: 'внимание' };
export const COLOURS: Record<Mixer, string> = { positive: 'var(--k)', signed: 'var(--accent)', exact: 'var(--v)', attention: 'var(--q)' };
export const LENGTHS = [8, 16, 32, 64, 128, 256] as const;
export const TRAINED = 16;
export const STEPS = 800;
export const EVERY = 50;
export const SEEDS = [1, 2, 3, 4, 5] as const;
export const options = (mixer: Mixer, seed: number): ParityOptions & { lengths: number[] } => ({ mixer, length: TRAINED, seed, lengths: [...LENGTHS] });

export interface Point { step: number; accuracy: number[]; gates: number[] }
export const pointOf = (r: ParityRun): Point => ({ step: r.step, accuracy: Array.from(r.accuracy), gates: Array.from(r.gates.data) });

/** Trains to the end, a slice at a time; `onPoint` returns false to stop. */
export function train(engine: Pick<RemoteEngine, 'paritySteps'>, q: ParityOptions & { lengths: number[] }, onPoint: (p: Point, run: ParityRun) => boolean | void, from?: Float32Array): Promise<ParityRun> {
  return inSlices((count, state) => engine.paritySteps({ ...q, count }, state), STEPS, EVERY, (run) => onPoint(pointOf(run), run), from);
}
/** a(1) of the channel whose product lives longest: the most negative, or the smallest. */
export const flip = (gates: readonly number[]): number => (gates.length ? Math.min(...gates.slice(gates.length / 2)) : NaN);

/** What one zero and one one leave of the state in the channel that turns and keeps best: |a(0)·a(1)|, signs unlike. */
export const kept = (gates: readonly number[]): number => {
  const n = gates.length / 2, pairs = gates.slice(0, n).map((a, i) => -a * gates[n + i]!);
  return pairs.length ? Math.max(0, ...pairs) : NaN;
};

export interface Recorded { commit: string; runs: { mixer: Mixer; seed: number; accuracy: number[]; flip: number | null; kept: number | null }[] }
export const of = (r: Recorded, mixer: Mixer): Recorded['runs'] => r.runs.filter((x) => x.mixer === mixer);
export const at = (r: Recorded, mixer: Mixer, length: number): number[] => of(r, mixer).map((x) => x.accuracy[LENGTHS.indexOf(length as (typeof LENGTHS)[number])]!);
export { median } from '../../lib/statistics.ts';
