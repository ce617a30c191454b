// Attention as gain before pooling: two stimuli on a ring, a field of gain over one of them, and three ways to divide.
import type { RemoteEngine } from '../../../../wasm/client/types';

export const PLACES = 64;
/** Where the attended stimulus stands, and its rival. */
export const HERE = 16;
export const THERE = 48;
export const STIMULUS = 3; // σ of its profile, places
export const KINDS = ['softmax', 'sink', 'local'] as const;
export type Kind = (typeof KINDS)[number];
export const NAMES: Record<Kind, string> = { softmax: 'softmax', sink: 'softmax со стоком (σ = 1)', local: 'делят соседи (σ = 1)' };
export const COLOURS: Record<Kind, string> = { softmax: 'var(--q)', sink: 'var(--accent)', local: 'var(--v)' };
/** The core's rows: 0, 1 and 3; row 2 is the division that row 1 must equal. */
const ROW: Record<Kind, number> = { softmax: 0, sink: 1, local: 3 };
/** Contrast 2^level, in units of σ. */
export const LEVELS = Array.from({ length: 13 }, (_, i) => i - 6);
export const FIELDS = { narrow: 3, wide: 24 } as const;
export type Field = keyof typeof FIELDS;

export interface Inputs { level: number; gain: number; field: Field; rival: boolean; pool: number }
export interface Figure extends Inputs {
  /** [kind][place] with attention, at the level asked for. */
  profiles: number[][];
  /** [kind][level] at the attended place, with attention and without; and the sum over all places, with. */
  attended: number[][];
  neutral: number[][];
  total: number[][];
  /** Largest difference between a softmax with a sink and the division it equals. */
  difference: number;
}

const around = (j: number, at: number): number => Math.min((j - at + PLACES) % PLACES, (at - j + PLACES) % PLACES);
const bump = (j: number, at: number, width: number): number => Math.exp(-(around(j, at) ** 2) / (2 * width ** 2));
const places = Array.from({ length: PLACES }, (_, j) => j);

export const drive = (contrast: number, rival: boolean): number[] => places.map((j) => contrast * (bump(j, HERE, STIMULUS) + (rival ? bump(j, THERE, STIMULUS) : 0)));
export const gains = (gain: number, field: Field): number[] => places.map((j) => 1 + (gain - 1) * bump(j, HERE, FIELDS[field]));

const short = (x: number): number => Number(x.toPrecision(5));

export async function ask(engine: Pick<RemoteEngine, 'gainField'>, q: Inputs): Promise<Figure> {
  const drives = Float32Array.from(LEVELS.flatMap((l) => drive(2 ** l, q.rival)));
  const M = LEVELS.length;
  const [withIt, without] = await Promise.all([gains(q.gain, q.field), places.map(() => 1)].map((gain) => engine.gainField({ gain, sigma: 1, pool: q.pool }, drives)));
  const at = (data: Float32Array, row: number, m: number): Float32Array => data.subarray((row * M + m) * PLACES, (row * M + m + 1) * PLACES);
  const over = (of: (row: number, m: number) => number): number[][] => KINDS.map((k) => LEVELS.map((_, m) => short(of(ROW[k], m))));
  let difference = 0;
  for (let i = 0; i < M * PLACES; i += 1) difference = Math.max(difference, Math.abs(withIt!.data[M * PLACES + i]! - withIt!.data[2 * M * PLACES + i]!));
  const { level, gain, field, rival, pool } = q;
  return {
    level, gain, field, rival, pool, difference,
    profiles: KINDS.map((k) => Array.from(at(withIt!.data, ROW[k], LEVELS.indexOf(level)), short)),
    attended: over((row, m) => at(withIt!.data, row, m)[HERE]!),
    neutral: over((row, m) => at(without!.data, row, m)[HERE]!),
    total: over((row, m) => at(withIt!.data, row, m).reduce((a, b) => a + b, 0)),
  };
}
/** How many times attention raises the response at the attended place, by level. */
export const effect = (f: Figure, kind: Kind): number[] => LEVELS.map((_, m) => f.attended[KINDS.indexOf(kind)]![m]! / f.neutral[KINDS.indexOf(kind)]![m]!);
export const DEFAULT: Inputs = { level: -4, gain: 4, field: 'narrow', rival: true, pool: 8 };
export interface Recorded { commit: string; figure: Figure; cases: (Inputs & { weak: Record<Kind, number>; strong: Record<Kind, number>; totals: Record<Kind, [number, number]>; difference: number })[] }
