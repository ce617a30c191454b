// The rows of attention that would have carried the same: of a head of the Russian model, or of numbers that were drawn.
import type { RemoteEngine, RowFreedom, TensorData } from '../../../../wasm/client/types';
import type { RuSmall } from '../ru-small/open.ts';
import { namesOf, tokensWith } from '../sink/model.ts';
import { headMap, headRows } from '../specimen/specimen.ts';

export const TEXT = 'Старый архивариус разложил на столе карту города и долго водил пальцем по улицам, которых давно уже нет; молодой писарь смотрел не на карту, а на палец и думал, что это одно и то же, хотя карта показывает дорогу, а не того, кто по ней прошёл';
export const MAX_CHARACTERS = 280;
export const MAX_TOKENS = 64;
export const KINDS = ['head', 'drawn'] as const;

export interface HeadInputs { kind: 'head'; text: string; layer: number; head: number; position: number; directions: number }
export interface DrawnInputs { kind: 'drawn'; keys: number; width: number; spread: number; seed: number }
export type Inputs = HeadInputs | DrawnInputs;

/** Largest change of a logit, anywhere in the text, when the head looks by another row of weights. */
export interface Swap {
  farthest: number;
  /** The same weights in reverse order, and how far that row is in total variation. */
  reversed: number;
  reversedDistance: number;
}
export interface Row {
  rank: number;
  distance: number;
  bound: number;
  gap: number;
  alpha: number[];
  farthest: number[];
  low: number[];
  high: number[];
  swap: Swap | null;
}
export interface Figure extends Row {
  kind: (typeof KINDS)[number];
  keys: string[];
  /** d_v, or how many directions of the values were to be matched. */
  width: number;
  /** How many keys each head's row spreads over, e^entropy, [L·H]; empty for drawn numbers. */
  spread: number[];
  layers: number;
  /** The same question for shorter rows: [keys, distance, bound]. */
  curve: [number, number, number][];
}

const positive = (x: ArrayLike<number>): number[] => Array.from(x, (v) => Math.max(0, v));
const row = (f: RowFreedom, swap: Swap | null): Row => ({
  rank: f.rank, distance: f.distance, bound: Math.max(f.bound, f.distance), gap: f.gap, alpha: positive(f.alpha), farthest: positive(f.farthest), low: positive(f.low), high: positive(f.high), swap,
});

export const variation = (a: ArrayLike<number>, b: ArrayLike<number>): number => Array.from(a, (x, i) => Math.abs(x - b[i]!)).reduce((p, q) => p + q, 0) / 2;
/** e^entropy: 1 for a single key, N for equal weights. */
export const effective = (a: ArrayLike<number>): number => Math.exp(-Array.from(a, (p) => (p > 0 ? p * Math.log(p) : 0)).reduce((x, y) => x + y, 0));

/** The pattern [1, H, T, S] with one row of one head replaced; what the row does not cover is closed. */
export function withRow(pattern: TensorData, head: number, position: number, other: ArrayLike<number>): TensorData {
  const [, , T, S] = pattern.shape as [number, number, number, number];
  const data = pattern.data.slice();
  data.fill(0, (head * T + position) * S, (head * T + position + 1) * S);
  data.set(Array.from(other), (head * T + position) * S);
  return { shape: pattern.shape, data };
}
const largest = (a: Float32Array, b: Float32Array): number => a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);

/** What the core is given of a head at a place: weights, then values, of the keys the place sees. */
export function given(pattern: TensorData, value: TensorData, head: number, position: number): { alpha: Float32Array; numbers: Float32Array; width: number } {
  const [T, width, N] = [pattern.shape[2]!, value.shape[3]!, position + 1];
  const alpha = headMap(pattern, head).slice(position * T, position * T + N);
  const numbers = new Float32Array(N * (width + 1));
  numbers.set(alpha);
  numbers.set(headRows(value, head).subarray(0, N * width), N);
  return { alpha, numbers, width };
}

/** One row of one head, and the model with that row put in its place. */
export async function askHead(engine: RemoteEngine, model: number, tokens: number[], at: { layer: number; head: number; position: number; directions?: number }): Promise<Row> {
  const { layer, head, position } = at;
  const [map, value] = [`blocks.${layer}.attn.pattern`, `blocks.${layer}.attn.v`];
  const before = (await engine.run(model, { tokens: [tokens], capture: [map, value, 'logits'] })).tensors;
  const { alpha, numbers, width } = given(before[map]!, before[value]!, head, position);
  const f = await engine.rowFreedom({ width, directions: Math.min(width, at.directions ?? width) }, numbers);
  const after = async (other: ArrayLike<number>): Promise<number> => {
    const { tensors } = await engine.run(model, { tokens: [tokens], capture: ['logits'], replace: [{ name: map, value: withRow(before[map]!, head, position, other) }] });
    return largest(tensors.logits!.data, before.logits!.data);
  };
  const reversed = Array.from(alpha).reverse();
  return row(f, { farthest: await after(f.farthest), reversed: await after(reversed), reversedDistance: variation(alpha, reversed) });
}

/** Lengths at which the curve is asked: around the threshold, then on. */
export const lengths = (width: number, most: number): number[] => [...new Set([Math.ceil(width / 2), width + 1, width + 2, width + 6, width + 12, width + 20, width + 28, most])].filter((n) => n >= 2 && n <= most).sort((a, b) => a - b);

async function ofHead(engine: RemoteEngine, m: RuSmall, q: HeadInputs): Promise<Figure> {
  const ids = tokensWith(m, q.text, 'start', MAX_TOKENS);
  const position = Math.min(q.position, ids.length - 1);
  const { layers, heads } = m.net;
  const name = (l: number): string => `blocks.${l}.attn.pattern`;
  const { tensors } = await engine.run(m.id, { tokens: [ids], capture: [...Array.from({ length: layers }, (_, l) => name(l)), `blocks.${q.layer}.attn.v`] });
  const spread = Array.from({ length: layers * heads }, (_, i) => effective(headMap(tensors[name(Math.floor(i / heads))]!, i % heads).subarray(position * ids.length, (position + 1) * ids.length)));
  const own = await askHead(engine, m.id, ids, { ...q, position });
  const curve: Figure['curve'] = [];
  for (const n of lengths(m.net.head, position + 1)) {
    const { numbers, width } = given(tensors[name(q.layer)]!, tensors[`blocks.${q.layer}.attn.v`]!, q.head, n - 1);
    const f = await engine.rowFreedom({ width, directions: Math.min(width, q.directions) }, numbers);
    curve.push([n, f.distance, Math.max(f.bound, f.distance)]);
  }
  return { ...own, kind: 'head', keys: namesOf(m, ids).slice(0, position + 1), width: Math.min(m.net.head, q.directions), spread, layers, curve };
}

export async function ofNumbers(engine: RemoteEngine, q: DrawnInputs): Promise<Figure> {
  const request = (keys: number) => ({ keys, width: q.width, spread: q.spread, seed: q.seed });
  const own = row(await engine.rowFreedom(request(q.keys)), null);
  const curve: Figure['curve'] = [];
  for (const n of lengths(q.width, q.keys)) {
    const f = await engine.rowFreedom(request(n));
    curve.push([n, f.distance, Math.max(f.bound, f.distance)]);
  }
  return { ...own, kind: 'drawn', keys: Array.from({ length: q.keys }, (_, i) => String(i + 1)), width: q.width, spread: [], layers: 0, curve };
}

export const ask = async (engine: RemoteEngine, model: () => Promise<RuSmall>, q: Inputs): Promise<Figure> => (q.kind === 'drawn' ? ofNumbers(engine, q) : ofHead(engine, await model(), q));

/** Which key the row puts first, and how much of the weight it has. */
export function first(keys: readonly string[], a: readonly number[]): { key: string; weight: number } {
  const i = a.indexOf(Math.max(...a));
  return { key: keys[i] ?? '', weight: a[i] ?? 0 };
}
