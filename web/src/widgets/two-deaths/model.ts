// The two ways a random network loses its tokens, over loudness of scores and strength of the skip.
import type { RemoteEngine } from '../../../../wasm/client/types';

export const LAYERS = 8;
export const LOUD = [0.25, 0.5, 1, 2, 4, 8, 16, 32] as const;
export const SKIPS = [1, 0.8, 0.6, 0.4, 0.2, 0] as const;
export const NORMS = ['none', 'pre', 'post'] as const;
export type Norm = (typeof NORMS)[number];
export interface Inputs { norm: Norm; seed: number }
/** Row-major [SKIPS, LOUD]: mean cosine of tokens behind the last block, entropy ratio of its rows, log10 of the residual. */
export interface Figure extends Inputs { cosine: number[]; entropy: number[]; residual: number[] }

export async function ask(engine: Pick<RemoteEngine, 'collapseTower'>, { norm, seed }: Inputs): Promise<Figure> {
  const out: Figure = { norm, seed, cosine: [], entropy: [], residual: [] };
  for (const skip of SKIPS)
    for (const qk_scale of LOUD) {
      const { floors } = await engine.collapseTower({ layers: LAYERS, skip, norm, qk_scale, seed });
      const last = floors[LAYERS]!;
      out.cosine.push(last.cosine);
      out.entropy.push(last.entropy ?? 0);
      out.residual.push(last.residual ?? -330);
    }
  return out;
}

export type Fate = 'merged' | 'frozen' | 'both' | 'alive';
/** Thresholds of the chapter: tokens alike beyond 0.95; rows sharper than a tenth of their entropy. */
export const MERGED = 0.95;
export const FROZEN = 0.1;
export const fate = (cosine: number, entropy: number): Fate =>
  cosine > MERGED ? (entropy < FROZEN ? 'both' : 'merged') : entropy < FROZEN ? 'frozen' : 'alive';
export const fates = (f: Figure): Fate[] => f.cosine.map((c, i) => fate(c, f.entropy[i]!));
export const WORDS: Record<Fate, string> = { merged: 'токены слились', frozen: 'строки застыли', both: 'и то и другое', alive: 'живы' };
export const cell = (skip: number, loud: number): number => SKIPS.indexOf(skip as (typeof SKIPS)[number]) * LOUD.length + LOUD.indexOf(loud as (typeof LOUD)[number]);

export interface Recorded { commit: string; figures: Figure[] }
export const count = (f: Figure): Record<Fate, number> => fates(f).reduce((n, x) => ({ ...n, [x]: n[x] + 1 }), { merged: 0, frozen: 0, both: 0, alive: 0 });
