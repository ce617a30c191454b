// Identical heads stay identical: how far apart the heads of a layer are, in their weights.
import type { ParameterInfo, TrainConfig, TrainPoint } from '../../../../wasm/client/types';
import { RECIPE, vary } from '../training/recipe.ts';

export const NOISES = [0, 1e-3, 1e-1] as const;
export type Noise = (typeof NOISES)[number];
export const CLONE_STEPS = 300;
export const EVERY = 15;

export const config = (noise: number, seed: number): TrainConfig =>
  vary(RECIPE, { model: { identical_heads: true, head_noise: noise }, steps: CLONE_STEPS, seed });

/** One row of W of head h, as flat indices: W_Q, W_K, W_V are [D, H, d], W_O is [H, d, D]. */
function headValues(flat: Float32Array, p: ParameterInfo, head: number): Float32Array {
  const [a, b, c] = p.shape as [number, number, number];
  const outer = p.name.endsWith('W_O');
  if (outer) return flat.subarray(p.offset + head * b * c, p.offset + (head + 1) * b * c);
  const out = new Float32Array(a * c);
  for (let i = 0; i < a; i += 1) out.set(flat.subarray(p.offset + (i * b + head) * c, p.offset + (i * b + head + 1) * c), i * c);
  return out;
}

export interface Spread { step: number; accuracy: number; loss: number; largest: number; relative: number }

/** Over all layers, head matrices and pairs of heads: max |ΔW|, and that over the root mean square of W. */
export function spread(flat: Float32Array, parameters: readonly ParameterInfo[]): { largest: number; relative: number } {
  let [largest, squares, count] = [0, 0, 0];
  for (const p of parameters) {
    if (p.shape.length !== 3) continue;
    const heads = p.name.endsWith('W_O') ? p.shape[0]! : p.shape[1]!;
    const values = Array.from({ length: heads }, (_, h) => headValues(flat, p, h));
    values.forEach((v) => v.forEach((x) => { squares += x * x; count += 1; }));
    for (let g = 0; g < heads; g += 1) for (let h = g + 1; h < heads; h += 1) values[g]!.forEach((x, i) => { largest = Math.max(largest, Math.abs(x - values[h]![i]!)); });
  }
  return { largest, relative: largest / Math.sqrt(squares / count) };
}

export const toSpread = (p: TrainPoint, parameters: readonly ParameterInfo[]): Spread =>
  ({ step: p.step, accuracy: p.evalAccuracy, loss: p.evalLoss, ...spread(p.weights!, parameters) });

/** What the expectation said, in the words of the result; `false` when the run refutes it. */
export function holds(noise: number, run: readonly Spread[]): boolean | null {
  const last = run.at(-1);
  if (!last || last.step < CLONE_STEPS) return null;
  return noise === 0 ? run.every((s) => s.largest === 0) : last.largest > run[0]!.largest;
}

export interface Recorded { seed: number; commit: string; runs: { noise: Noise; steps: number[]; largest: number[]; accuracy: number[] }[] }
export const unpackRuns = (r: Recorded): Map<Noise, Spread[]> =>
  new Map(r.runs.map((run) => [run.noise, run.steps.map((step, i) => ({ step, accuracy: run.accuracy[i]!, loss: NaN, largest: run.largest[i]!, relative: NaN }))]));
