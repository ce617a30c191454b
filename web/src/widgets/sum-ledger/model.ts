// A letter's advantage as an account: who wrote how much of it into the stream, and what changes when a writer is taken away.
import type { HeadRef, RemoteEngine, TensorData } from '../../../../wasm/client/types.ts';
import { ALPHABET, encode } from '../../kit/letters.ts';
import { mean } from '../../lib/statistics.ts';
import { batchOf, centredUnembedding, column, counted, dot, need, norm, rowOf } from '../assembly/subject.ts';
import type { Matrix, Specimen } from '../specimen/specimen.ts';

export const TEXT = 'республикареспубли';
export const MAX = 30;
export const HEADS = 4;
/** Writers in the order of the account: the letter, its place, four heads of each layer. */
export const WRITERS = ['буква', 'место', '0.0', '0.1', '0.2', '0.3', '1.0', '1.1', '1.2', '1.3'] as const;

export interface Inputs { text: string; at: number; off: HeadRef[]; model: number }
export interface Account {
  /** Contribution of each writer to the advantage, the final norm frozen at its actual scale. */
  parts: number[];
  /** Length of what each wrote. */
  sizes: number[];
  /** Logit of the letter minus the mean logit, as the model printed it. */
  margin: number;
  /** 1/σ of the final norm. */
  scale: number;
}
export interface Figure extends Inputs {
  tokens: string[];
  /** The letter the whole model thinks most likely after place `at`. */
  letter: string;
  whole: Account;
  cut: Account;
}

const SITES = ['embed', 'pos_embed', 'blocks.0.attn.result', 'blocks.1.attn.result', 'blocks.1.resid_post', 'logits'];

/** The rows every writer left at one place, in the order of WRITERS. */
export function written(t: Record<string, TensorData>, b: number, place: number): Float32Array[] {
  const of = (name: string, head = 0): Float32Array => rowOf(need(t, name), b, place, head);
  const heads = (layer: number): Float32Array[] => Array.from({ length: HEADS }, (_, h) => of(`blocks.${layer}.attn.result`, h));
  return [of('embed'), of('pos_embed'), ...heads(0), ...heads(1)];
}

/** RMSNorm without gain: 1/√(mean square + ε). */
export const frozenScale = (stream: ArrayLike<number>, epsilon = 1e-5): number => 1 / Math.sqrt(dot(stream, stream) / stream.length + epsilon);

export function account(t: Record<string, TensorData>, unembedding: Matrix, b: number, place: number, letter: number): Account {
  const rows = written(t, b, place);
  const scale = frozenScale(rowOf(need(t, 'blocks.1.resid_post'), b, place));
  const direction = column(unembedding, letter);
  const logits = rowOf(need(t, 'logits'), b, place);
  return { parts: rows.map((r) => scale * dot(r, direction)), sizes: rows.map(norm), margin: (logits[letter] as number) - mean(Array.from(logits)), scale };
}

export const best = (logits: ArrayLike<number>): number => {
  let top = 0;
  for (let v = 1; v < logits.length; v += 1) if ((logits[v] as number) > (logits[top] as number)) top = v;
  return top;
};

export async function ask(engine: RemoteEngine, m: Specimen, { text, at, off, model }: Inputs): Promise<Figure> {
  const ids = encode(text);
  const place = at < 0 || at >= ids.length ? ids.length - 1 : at;
  const unembedding = centredUnembedding(m);
  const whole = (await engine.run(m.id, { tokens: [ids], capture: SITES })).tensors;
  const cut = off.length === 0 ? whole : (await engine.run(m.id, { tokens: [ids], capture: SITES, ablate: { heads: off, how: 'zero' } })).tensors;
  const letter = best(rowOf(need(whole, 'logits'), 0, place));
  return {
    text, at: place, off, model, tokens: Array.from(text), letter: ALPHABET[letter]!,
    whole: account(whole, unembedding, 0, place, letter), cut: account(cut, unembedding, 0, place, letter),
  };
}

/** What the account promises for taking a head away, and what taking it away really costs: means over the counted places. */
export interface Promises {
  /** Direct contribution of head h (layer by layer). */
  promised: number[];
  /** The same corrected to first order for the shorter stream, p − αm with α the head's share of its length. */
  first: number[];
  /** Fall of the advantage when the head's z is set to zero. */
  fallen: number[];
  /** Advantage of the right letter in the whole model. */
  margin: number;
  /** Largest |Σ parts − margin| over the counted places. */
  gap: number;
}

export async function promises(engine: RemoteEngine, m: Specimen, seed: number): Promise<Promises> {
  const batch = await batchOf(engine, seed);
  const places = counted(batch);
  const unembedding = centredUnembedding(m);
  const whole = (await engine.run(m.id, { tokens: batch.tokens, capture: SITES })).tensors;
  const promised = new Array<number>(2 * HEADS).fill(0);
  const first = new Array<number>(2 * HEADS).fill(0);
  let [margin, gap] = [0, 0];
  for (const [b, t, target] of places) {
    const a = account(whole, unembedding, b, t, target);
    const stream = rowOf(need(whole, 'blocks.1.resid_post'), b, t);
    const rows = written(whole, b, t).slice(2);
    a.parts.slice(2).forEach((p, h) => {
      promised[h]! += p / places.length;
      first[h]! += (p - (dot(rows[h]!, stream) / dot(stream, stream)) * a.margin) / places.length;
    });
    margin += a.margin / places.length;
    gap = Math.max(gap, Math.abs(a.parts.reduce((x, y) => x + y, 0) - a.margin));
  }
  const fallen: number[] = [];
  for (let layer = 0; layer < 2; layer += 1)
    for (let head = 0; head < HEADS; head += 1) {
      const { tensors } = await engine.run(m.id, { tokens: batch.tokens, capture: ['logits'], ablate: { heads: [{ layer, head }], how: 'zero' } });
      const logits = need(tensors, 'logits');
      const left = mean(places.map(([b, t, target]) => { const row = rowOf(logits, b, t); return (row[target] as number) - mean(Array.from(row)); }));
      fallen.push(margin - left);
    }
  return { promised, first, fallen, margin, gap };
}
