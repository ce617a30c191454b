// A head without any text: its weights as letters × letters (what it writes) and as letters or places × the same (where it looks).
import type { HeadRef, RemoteEngine } from '../../../../wasm/client/types.ts';
import { pack, unpack, type Packed } from '../specimen/packed.ts';
import type { Specimen } from '../specimen/specimen.ts';

export interface Inputs extends HeadRef {
  /** Head of layer 0 through which a head of layer 1 sees its keys (K-composition). */
  from: number;
}

export interface Eigenvalue { re: number; im: number }

export interface Figure extends Inputs {
  /** [V, V]: letter read → logits it adds. */
  ov: ArrayLike<number>;
  /** [V, V]: letter of the query × letter of the key. */
  qk: ArrayLike<number>;
  /** [T, T]: place of the query × place of the key. */
  places: ArrayLike<number>;
  /** [V, V]: letter that head 0.from read into the key × letter of the query; empty in layer 0. */
  through: ArrayLike<number>;
  eigenvalues: Eigenvalue[];
  /** Σλ / Σ|λ| of every head, layer by layer. */
  copying: number[];
  vocab: number;
  context: number;
}

export async function ask(engine: RemoteEngine, m: Specimen, { layer, head, from }: Inputs): Promise<Figure> {
  const { layers, heads, vocab, context } = m.info.config;
  const c = await engine.circuits(m.id, { layer, head });
  const through = layer === 0 ? new Float32Array(0) : (await engine.kComposition(m.id, { layer: 0, head: from }, { layer, head })).data;
  const copying = [];
  for (let l = 0; l < layers; l += 1) for (let h = 0; h < heads; h += 1) copying.push((await engine.circuits(m.id, { layer: l, head: h })).copying);
  return { layer, head, from, ov: c.ov.data, qk: c.qk.data, places: c.qkPositions.data, through, eigenvalues: c.eigenvalues, copying, vocab, context };
}

export interface Diagonal {
  /** In how many rows the largest entry stands on the diagonal. */
  share: number;
  /** Mean entry on the diagonal and beside it. */
  on: number;
  off: number;
}

/** How far a square table is from saying nothing about «the same letter». */
export function diagonal(table: ArrayLike<number>, n: number): Diagonal {
  let [wins, on, off] = [0, 0, 0];
  for (let r = 0; r < n; r += 1) {
    let best = 0;
    for (let c = 0; c < n; c += 1) {
      const x = table[r * n + c] as number;
      if (x > (table[r * n + best] as number)) best = c;
      if (r === c) on += x;
      else off += x;
    }
    if (best === r) wins += 1;
  }
  return { share: wins / n, on: on / n, off: off / (n * (n - 1)) };
}

/** In how many rows t ≥ 1 the best visible place is t − back, and by how much it beats the mean of the others. */
export function stepBack(table: ArrayLike<number>, n: number, back = 1): { share: number; lead: number } {
  let [wins, lead] = [0, 0];
  for (let t = back; t < n; t += 1) {
    let [best, others] = [0, 0];
    for (let s = 0; s <= t; s += 1) {
      const x = table[t * n + s] as number;
      if (x > (table[t * n + best] as number)) best = s;
      if (s !== t - back) others += x;
    }
    if (best === t - back) wins += 1;
    lead += (table[t * n + t - back] as number) - others / Math.max(1, t);
  }
  return { share: wins / (n - back), lead: lead / (n - back) };
}

export interface PackedFigure extends Inputs {
  ov: Packed;
  qk: Packed;
  places: Packed;
  through: Packed;
  eigenvalues: Eigenvalue[];
  copying: number[];
  vocab: number;
  context: number;
}

const short = (x: number): number => Number(x.toPrecision(4));

export const packFigure = (f: Figure): PackedFigure => ({
  ...f, ov: pack(f.ov, true), qk: pack(f.qk, true), places: pack(f.places, true), through: pack(f.through, true),
  eigenvalues: f.eigenvalues.map(({ re, im }) => ({ re: short(re), im: short(im) })), copying: f.copying.map(short),
});
export const unpackFigure = (f: PackedFigure): Figure => ({ ...f, ov: unpack(f.ov), qk: unpack(f.qk), places: unpack(f.places), through: unpack(f.through) });
