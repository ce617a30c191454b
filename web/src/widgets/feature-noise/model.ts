// e^(x·y) by random features: what the estimate is worth where the kernel is large, and where it is small.
import type { FeatureRequest, RemoteEngine } from '../../../../wasm/client/types';

export const KINDS = ['trigonometric', 'positive', 'hyperbolic'] as const;
export type Kind = (typeof KINDS)[number];
export const NAMES: Record<Kind, string> = { trigonometric: 'синус и косинус', positive: 'положительные', hyperbolic: 'положительные, e^±' };
export const COLOURS: Record<Kind, string> = { trigonometric: 'var(--q)', positive: 'var(--accent)', hyperbolic: 'var(--v)' };
export const COSINES = [-0.9, -0.6, -0.3, 0, 0.3, 0.6, 0.9] as const;
export const DRAWS = 300;
export const FEATURES = [16, 64, 256] as const;

export interface Inputs { radius: number; features: number; orthogonal: boolean; seed: number }
export interface Cell { truth: number; theory: number; measured: number; negative: number }
/** cells[kind][cosine]. */
export interface Figure extends Inputs { cells: Cell[][] }

/** Root of the mean squared error of ratios to their truth, 1; and the share below zero. */
export function errors(ratios: ArrayLike<number>): { measured: number; negative: number } {
  let square = 0, below = 0;
  for (let i = 0; i < ratios.length; i += 1) {
    square += (ratios[i]! - 1) ** 2;
    below += ratios[i]! < 0 ? 1 : 0;
  }
  return { measured: Math.sqrt(square / ratios.length), negative: below / ratios.length };
}
export async function ask(engine: Pick<RemoteEngine, 'featureError'>, { radius, features, orthogonal, seed }: Inputs): Promise<Figure> {
  const cells: Cell[][] = [];
  for (const kind of KINDS) {
    const row: Cell[] = [];
    for (const cosine of COSINES) {
      const q: FeatureRequest = { kind, radius, cosine, features, draws: DRAWS, orthogonal, seed };
      const r = await engine.featureError(q);
      row.push({ truth: r.truth, theory: r.theory, ...errors(r.ratios) });
    }
    cells.push(row);
  }
  return { radius, features, orthogonal, seed, cells };
}
export interface Recorded { commit: string; figures: Figure[] }
