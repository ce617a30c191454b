// Roles read from the weights alone: does a head copy, and which head of layer 0 can prepare its keys? The same
// questions to the same model before training say what the numbers are worth.
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { diagonal } from '../head-circuits/model.ts';
import type { Specimen } from '../specimen/specimen.ts';

export interface Inputs { trained: boolean; seed: number }
export interface HeadWeights {
  /** Σλ / Σ|λ| of W_E W_OV W_U. */
  copying: number;
  /** Share of letters that the head promotes above all others when it reads them. */
  self: number;
}
export interface Figure extends Inputs {
  heads: HeadWeights[];
  /** [H_0 × H_1]: share of letters b whose best key is «written by the head of layer 0 after reading b». */
  composed: number[];
  /** The same questions to the sum of the OV tables of layer 1. */
  together: { self: number; on: number; off: number };
  layers: number;
  perLayer: number;
}

export async function ask(engine: RemoteEngine, m: Specimen, { trained, seed }: Inputs): Promise<Figure> {
  const { layers, heads, vocab } = m.info.config;
  const id = trained ? m.id : (await engine.createModel(m.info.config, seed)).id;
  try {
    const out: HeadWeights[] = [];
    const sum = new Float64Array(vocab * vocab);
    for (let layer = 0; layer < layers; layer += 1)
      for (let head = 0; head < heads; head += 1) {
        const c = await engine.circuits(id, { layer, head });
        out.push({ copying: c.copying, self: diagonal(c.ov.data, vocab).share });
        if (layer === layers - 1) c.ov.data.forEach((v, i) => void (sum[i]! += v));
      }
    const composed: number[] = [];
    for (let from = 0; from < heads; from += 1)
      for (let to = 0; to < heads; to += 1) composed.push(queries((await engine.kComposition(id, { layer: 0, head: from }, { layer: 1, head: to })).data, vocab));
    const { share: self, on, off } = diagonal(sum, vocab);
    return { trained, seed, heads: out, composed, together: { self, on, off }, layers, perLayer: heads };
  } finally {
    if (!trained) await engine.disposeModel(id);
  }
}

/** In a table [letter carried by the key × letter of the query]: share of queries whose best key carries the same letter. */
export function queries(table: ArrayLike<number>, n: number): number {
  let wins = 0;
  for (let b = 0; b < n; b += 1) {
    let best = 0;
    for (let a = 1; a < n; a += 1) if (table[a * n + b]! > table[best * n + b]!) best = a;
    if (best === b) wins += 1;
  }
  return wins / n;
}

/** The expectation for a trained model: the heads of the last layer copy. */
export const copies = (f: Figure): boolean => f.heads.slice(-f.perLayer).every((h) => h.copying > 0.9);
const short = (x: number): number => Number(x.toPrecision(4));
export const pack = (f: Figure): Figure => ({ ...f, heads: f.heads.map((h) => ({ copying: short(h.copying), self: h.self })), together: { self: f.together.self, on: short(f.together.on), off: short(f.together.off) } });
