// Two heads of a layer turned into one another by an angle: inside one head, between heads after the maps, before them, and everything at once.
import type { RemoteEngine, TensorData } from '../../../../wasm/client/types.ts';
import { batchOf, counted, need, norm, rowOf, withWeights, type Batch } from '../assembly/subject.ts';
import { ALPHABET } from '../../kit/letters.ts';
import { judge, PERIOD, type Verdict } from '../head-knockout/model.ts';
import type { Specimen } from '../specimen/specimen.ts';

export const MODES = ['inside', 'after', 'before', 'all'] as const;
export type Mode = (typeof MODES)[number];
export const ANGLES = [0, 15, 30, 45, 60, 75, 90] as const;
export const HEADS = 4;
/** Places of the first string whose maps are shown: the segment and its first repeat. */
export const SHOWN = 2 * PERIOD;
export const PAIRS: readonly (readonly [number, number])[] = [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]];

export interface Inputs { layer: number; pair: number; mode: Mode; seed: number; model: number }
export interface Figure extends Inputs {
  /** Loss (nats) and accuracy on the repeat at each of ANGLES. */
  loss: number[];
  accuracy: number[];
  /** At 45°: mean ‖Δ‖ of the layer's answer over the mean length of that answer, on the counted places. */
  change: number;
  /** Mean total variation between the maps of the two heads on the repeat, 0…1. */
  distance: number;
  /** Both heads given the mean of their two maps. */
  shared: Verdict;
  /** The first SHOWN letters of the first string, and the maps of the two heads over them, [2, SHOWN, SHOWN]. */
  letters: string;
  maps: ArrayLike<number>;
}

const turn = (degrees: number): [number, number] => [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];

/** W_Q, W_K, W_V are [D, H, d]: columns of head i become c·i + s·j, those of head j become −s·i + c·j. */
export function turnReading(w: TensorData, [i, j]: readonly [number, number], degrees: number): Float32Array {
  const [D, H, d] = w.shape as [number, number, number];
  const [c, s] = turn(degrees);
  const out = w.data.slice();
  for (let r = 0; r < D; r += 1)
    for (let k = 0; k < d; k += 1) {
      const [a, b] = [(r * H + i) * d + k, (r * H + j) * d + k];
      out[a] = c * w.data[a]! + s * w.data[b]!;
      out[b] = -s * w.data[a]! + c * w.data[b]!;
    }
  return out;
}
/** W_O is [H, d, D]: its rows turn the same way, so that what was turned before is turned back. */
export function turnWriting(w: TensorData, [i, j]: readonly [number, number], degrees: number): Float32Array {
  const [, d, D] = w.shape as [number, number, number];
  const [c, s] = turn(degrees);
  const out = w.data.slice();
  for (let k = 0; k < d * D; k += 1) {
    const [a, b] = [i * d * D + k, j * d * D + k];
    out[a] = c * w.data[a]! + s * w.data[b]!;
    out[b] = -s * w.data[a]! + c * w.data[b]!;
  }
  return out;
}
/** z is [B, T, H, d]: the same turn of every row. */
export function turnValues(z: TensorData, pair: readonly [number, number], degrees: number): TensorData {
  const [B, T, H, d] = z.shape as [number, number, number, number];
  return { shape: z.shape, data: turnReading({ shape: [B * T, H, d], data: z.data }, pair, degrees) };
}
/** Inside one head: coordinate k of its values turned into coordinate k + d/2, and the rows of W_O with it. */
export function turnInside(w: TensorData, head: number, degrees: number, writing: boolean): Float32Array {
  const [a, b, c] = w.shape as [number, number, number];
  const [d, outer, H] = writing ? [b, c, a] : [c, a, b];
  const [co, si] = turn(degrees);
  const at = (r: number, k: number): number => (writing ? (head * d + k) * outer + r : (r * H + head) * d + k);
  const out = w.data.slice();
  for (let r = 0; r < outer; r += 1)
    for (let k = 0; k < d / 2; k += 1) {
      const [p, q] = [at(r, k), at(r, k + d / 2)];
      out[p] = co * w.data[p]! + si * w.data[q]!;
      out[q] = -si * w.data[p]! + co * w.data[q]!;
    }
  return out;
}

export function changed(m: Specimen, layer: number, pair: readonly [number, number], mode: Mode, degrees: number): Map<string, Float32Array> {
  const name = (letter: string): string => `blocks.${layer}.attn.W_${letter}`;
  const w = (letter: string): TensorData => m.weights.get(name(letter))!;
  if (mode === 'inside') return new Map([[name('V'), turnInside(w('V'), pair[0], degrees, false)], [name('O'), turnInside(w('O'), pair[0], degrees, true)]]);
  const out = new Map([[name('O'), turnWriting(w('O'), pair, degrees)]]);
  if (mode !== 'after') out.set(name('V'), turnReading(w('V'), pair, degrees));
  if (mode === 'all') for (const letter of ['Q', 'K']) out.set(name(letter), turnReading(w(letter), pair, degrees));
  return out;
}

export interface Turned extends Verdict {
  /** What the layer adds to the stream, [B, T, D]. */
  answer: TensorData;
}
/** Loss and accuracy of the model turned by one angle, and the answer of the turned layer. */
export async function turned(engine: RemoteEngine, m: Specimen, batch: Batch, layer: number, pair: readonly [number, number], mode: Mode, degrees: number): Promise<Turned> {
  const [z, out] = [`blocks.${layer}.attn.z`, `blocks.${layer}.attn_out`];
  return withWeights(engine, m, changed(m, layer, pair, mode, degrees), async (id) => {
    const replace = [];
    if (mode === 'after') replace.push({ name: z, value: turnValues(need((await engine.run(m.id, { tokens: batch.tokens, capture: [z] })).tensors, z), pair, degrees) });
    const { tensors } = await engine.run(id, { tokens: batch.tokens, capture: ['logits', out], replace });
    return { ...judge(need(tensors, 'logits').data, m.info.config.vocab, batch.targets, batch.weights), answer: need(tensors, out) };
  });
}

/** Mean length of the difference of two answers over the mean length of the first, where the batch counts. */
export function relativeChange(before: TensorData, after: TensorData, batch: Batch): number {
  let [gap, size] = [0, 0];
  for (const [b, t] of counted(batch)) {
    const [x, y] = [rowOf(before, b, t), rowOf(after, b, t)];
    gap += norm(x.map((v, i) => v - y[i]!));
    size += norm(x);
  }
  return gap / size;
}

/** Mean over counted rows of ½ Σ_s |A_i − A_j|. */
export function mapDistance(pattern: TensorData, batch: Batch, [i, j]: readonly [number, number]): number {
  const [, H, T, S] = pattern.shape as [number, number, number, number];
  let [sum, rows] = [0, 0];
  batch.weights.forEach((row, b) => row.forEach((counts, t) => {
    if (!counts) return;
    const at = (h: number): number => ((b * H + h) * T + t) * S;
    for (let s = 0; s <= t; s += 1) sum += Math.abs(pattern.data[at(i) + s]! - pattern.data[at(j) + s]!) / 2;
    rows += 1;
  }));
  return sum / rows;
}

/** Every head of `heads` given the mean of their maps. */
export function averaged(pattern: TensorData, heads: readonly number[]): TensorData {
  const [B, H, T, S] = pattern.shape as [number, number, number, number];
  const data = pattern.data.slice();
  for (let b = 0; b < B; b += 1)
    for (let k = 0; k < T * S; k += 1) {
      let sum = 0;
      for (const h of heads) sum += pattern.data[(b * H + h) * T * S + k]!;
      for (const h of heads) data[(b * H + h) * T * S + k] = sum / heads.length;
    }
  return { shape: pattern.shape, data };
}

export async function shareMap(engine: RemoteEngine, m: Specimen, batch: Batch, layer: number, pattern: TensorData, heads: readonly number[]): Promise<Verdict> {
  const { tensors } = await engine.run(m.id, { tokens: batch.tokens, capture: ['logits'], replace: [{ name: `blocks.${layer}.attn.pattern`, value: averaged(pattern, heads) }] });
  return judge(need(tensors, 'logits').data, m.info.config.vocab, batch.targets, batch.weights);
}

export async function ask(engine: RemoteEngine, m: Specimen, inputs: Inputs): Promise<Figure> {
  const { layer, mode, seed } = inputs;
  const pair = PAIRS[inputs.pair]!;
  const batch = await batchOf(engine, seed);
  const name = `blocks.${layer}.attn.pattern`;
  const pattern = need((await engine.run(m.id, { tokens: batch.tokens, capture: [name] })).tensors, name);
  const verdicts: Turned[] = [];
  for (const degrees of ANGLES) verdicts.push(await turned(engine, m, batch, layer, pair, mode, degrees));
  const [, , T, S] = pattern.shape as [number, number, number, number];
  const maps = new Float32Array(2 * SHOWN * SHOWN);
  pair.forEach((h, k) => {
    for (let t = 0; t < SHOWN; t += 1) maps.set(pattern.data.subarray((h * T + t) * S, (h * T + t) * S + SHOWN), (k * SHOWN + t) * SHOWN);
  });
  return {
    ...inputs, loss: verdicts.map((v) => v.loss), accuracy: verdicts.map((v) => v.accuracy), maps, letters: batch.tokens[0]!.slice(0, SHOWN).map((id) => ALPHABET[id]!).join(''),
    change: relativeChange(verdicts[0]!.answer, verdicts[ANGLES.indexOf(45)]!.answer, batch),
    distance: mapDistance(pattern, batch, pair), shared: await shareMap(engine, m, batch, layer, pattern, pair),
  };
}
