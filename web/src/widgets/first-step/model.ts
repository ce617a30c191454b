// One step of plain gradient descent from a fresh adapter: which part of the full gradient gets through.
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { RECIPE } from '../training/recipe.ts';

export const RANKS = [1, 2, 4, 8, 16, 32, 64] as const;
export const MATRICES = ['q', 'k', 'v', 'o'] as const;
export const LAYERS = [0, 1] as const;
export const SEEDS = [1, 2, 3, 4, 5] as const;
export const D = 64;
export type MatrixName = (typeof MATRICES)[number];

/** Of D × r random numbers: E cos ≈ √(r / (r + D + 1)), from E‖AᵀG‖² = rσ²‖G‖² and E‖AAᵀG‖² = r(r + D + 1)σ⁴‖G‖² for a normal A. */
export const expected = (r: number): number => Math.sqrt(r / (r + D + 1));
/** Of r orthonormal directions. */
export const orthonormal = (r: number): number => Math.sqrt(r / D);

export interface Inputs { matrix: MatrixName; layer: number; rank: number; seed: number; dead: boolean }
export interface Figure extends Inputs { cosine: number; formula: number; movedA: number; movedB: number; stableRank: number }

export async function ask(engine: Pick<RemoteEngine, 'firstStep'>, model: number, q: Inputs): Promise<Figure> {
  const f = await engine.firstStep(model, { task: RECIPE.task, goal: 'shift', batch: 32, seed: q.seed, matrices: q.matrix, layers: [q.layer], rank: q.rank, learning_rate: 0.1, dead: q.dead });
  return { ...q, cosine: f.cosine, formula: f.formula, movedA: f.movedA, movedB: f.movedB, stableRank: f.stableRank };
}

export interface Recorded {
  commit: string;
  /** Cosines of five seeds: [layer][matrix][rank][seed]. */
  cosines: number[][][][];
  stableRanks: number[][];
  /** The largest of ‖ΔA‖ and of the relative distance from the closed form over all of them. */
  movedA: number;
  formula: number;
  first: Figure;
}
export const of = (r: Recorded, layer: number, matrix: MatrixName): number[][] => r.cosines[layer]![MATRICES.indexOf(matrix)]!;
