// Four vectors added: how long is the sum against the lengths summed, and who sings with whom.
import type { RemoteEngine, TensorData } from '../../../../wasm/client/types.ts';
import { mean } from '../../lib/statistics.ts';
import { batchOf, centredUnembedding, column, counted, dot, need, norm, rowOf } from '../assembly/subject.ts';
import type { Specimen } from '../specimen/specimen.ts';

export const HEADS = 4;
export interface Inputs { layer: number; seed: number; model: number }
export interface Chorus {
  /** ‖Σ r_h‖ / Σ‖r_h‖: 1 when all write the same way, 0 when they cancel. */
  unison: number;
  /** √Σ‖r_h‖² / Σ‖r_h‖: the same for vectors of these lengths at right angles. */
  orthogonal: number;
  /** [H, H]: mean cosine between the writes of two heads at one place. */
  cosines: number[];
  sizes: number[];
}
export interface Figure extends Inputs {
  own: Chorus;
  /** The same heads, each heard on another string: what is left without common content. */
  strangers: Chorus;
  /** The writes with their part along the right letter taken out: what else they agree on. */
  rest: Chorus;
  /** [T]: unison at every place, mean over strings. */
  byPlace: number[];
  orthogonalByPlace: number[];
}

export function chorus(groups: readonly (readonly Float32Array[])[]): Chorus {
  const [unison, orthogonal]: [number[], number[]] = [[], []];
  const cosines = new Array<number>(HEADS * HEADS).fill(0);
  const sizes = new Array<number>(HEADS).fill(0);
  for (const rows of groups) {
    const lengths = rows.map(norm);
    const sum = new Float32Array(rows[0]!.length);
    for (const r of rows) r.forEach((x, i) => { sum[i]! += x; });
    const total = lengths.reduce((a, b) => a + b, 0);
    unison.push(norm(sum) / total);
    orthogonal.push(norm(lengths) / total);
    lengths.forEach((l, h) => { sizes[h]! += l / groups.length; });
    for (let g = 0; g < HEADS; g += 1) for (let h = 0; h < HEADS; h += 1) cosines[g * HEADS + h]! += dot(rows[g]!, rows[h]!) / (lengths[g]! * lengths[h]!) / groups.length;
  }
  return { unison: mean(unison), orthogonal: mean(orthogonal), cosines, sizes };
}

const group = (result: TensorData, b: number, t: number, step: number): Float32Array[] =>
  Array.from({ length: HEADS }, (_, h) => rowOf(result, (b + h * step) % (result.shape[0] as number), t, h));

/** The row less its projection onto a direction. */
export function apart(row: Float32Array, direction: Float64Array): Float32Array {
  const along = dot(row, direction) / dot(direction, direction);
  return row.map((x, i) => x - along * direction[i]!);
}

export async function ask(engine: RemoteEngine, m: Specimen, { layer, seed, model }: Inputs): Promise<Figure> {
  const batch = await batchOf(engine, seed);
  const name = `blocks.${layer}.attn.result`;
  const result = need((await engine.run(m.id, { tokens: batch.tokens, capture: [name] })).tensors, name);
  const places = counted(batch);
  const [B, T] = result.shape as [number, number];
  const everywhere = Array.from({ length: T }, (_, t) => chorus(Array.from({ length: B }, (_, b) => group(result, b, t, 0))));
  const unembedding = centredUnembedding(m);
  const letters = Array.from({ length: unembedding.cols }, (_, v) => column(unembedding, v));
  return {
    layer, seed, model,
    rest: chorus(places.map(([b, t, target]) => group(result, b, t, 0).map((r) => apart(r, letters[target]!)))),
    own: chorus(places.map(([b, t]) => group(result, b, t, 0))),
    strangers: chorus(places.map(([b, t]) => group(result, b, t, 7))),
    byPlace: everywhere.map((c) => c.unison), orthogonalByPlace: everywhere.map((c) => c.orthogonal),
  };
}

/** Mean cosine of different heads. */
export const meanCosine = (c: Chorus): number => {
  let sum = 0;
  for (let g = 0; g < HEADS; g += 1) for (let h = 0; h < HEADS; h += 1) if (g !== h) sum += c.cosines[g * HEADS + h]!;
  return sum / (HEADS * (HEADS - 1));
};
