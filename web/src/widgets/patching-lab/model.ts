// Two strings that differ in one letter, and what crosses from one run into the other: heads, states, and the same by a gradient.
import type { HeadRef, MetricRequest, Patched, RemoteEngine } from '../../../../wasm/client/types.ts';
import { answerTo } from '../truth-bench/model.ts';
import { decode, encode } from '../../kit/letters.ts';

export const CLEAN = 'музыкантмузык';
export const MAX = 32;
export const CONTRASTS = ['source', 'before', 'asker'] as const;
export type Contrast = (typeof CONTRASTS)[number];
export const METRICS = ['logit', 'probability'] as const;
export type MetricKind = (typeof METRICS)[number];

/** Where the last letter stood before: the letter after it is the answer, the letter itself is what finds it. */
export function earlier(text: string): number {
  const letters = Array.from(text);
  return letters.slice(0, -1).lastIndexOf(letters.at(-1) ?? '');
}

/** The place that a contrast changes, or −1 if the string has no repeat. */
export function changed(text: string, contrast: Contrast): number {
  const at = earlier(text);
  const last = Array.from(text).length - 1;
  if (contrast === 'asker') return last;
  if (at < 0) return -1;
  const place = contrast === 'source' ? at + 1 : at;
  return place < last ? place : -1;
}

/** A letter that the string has not, the first such after `from`: the corruption brings no repeat of its own. */
export function stranger(tokens: readonly number[], vocab: number, from: number): number {
  for (let i = 0; i < vocab; i += 1) {
    const t = (from + i) % vocab;
    if (!tokens.includes(t)) return t;
  }
  return from % vocab;
}

export function corrupt(tokens: readonly number[], place: number, by: number): number[] {
  return tokens.map((t, i) => (i === place ? by : t));
}

export interface Inputs { clean: string; corrupted: string; noise: boolean; metric: MetricKind }
export interface Figure extends Inputs {
  answer: string;
  before: number; // the metric on the clean string
  after: number; // on the corrupted one
  /** Share of the difference that crosses with one head (layer-major), and its estimate by the gradient. */
  heads: number[];
  headEstimate: number[];
  /** The same with the stream of one place: rows are depths (input, after layer 0, …), columns places. */
  places: number[];
  placeEstimate: number[];
  agreement: Patched['agreement'];
}
export type Both = { heads: Patched; places: Patched };

/** Every head, and every place of the stream at every depth. */
export async function patchBoth(engine: RemoteEngine, model: number, layers: number, clean: number[], corrupted: number[], metric: MetricRequest, noise: boolean): Promise<Both> {
  const asked = { clean, corrupted, metric, noise };
  const heads = await engine.patch(model, { ...asked, site: 'z' });
  const first = await engine.patch(model, { ...asked, site: 'resid_pre', positions: true, layers: [0] });
  const rest = await engine.patch(model, { ...asked, site: 'resid_post', positions: true, layers: Array.from({ length: layers }, (_, l) => l) });
  const join = (a: Float32Array, b: Float32Array): Float32Array => Float32Array.from([...a, ...b]);
  return { heads, places: { ...rest, effect: join(first.effect, rest.effect), estimate: join(first.estimate, rest.estimate) } };
}

export async function ask(engine: RemoteEngine, m: { id: number; layers: number; vocab: number }, { clean, corrupted, noise, metric }: Inputs): Promise<Figure> {
  const [a, b] = [encode(clean), encode(corrupted)];
  const { right } = await answerTo(engine, m.id, a, m.vocab);
  const { heads, places } = await patchBoth(engine, m.id, m.layers, a, b, { kind: metric, position: a.length - 1, right }, noise);
  const list = (x: ArrayLike<number>): number[] => Array.from(x);
  return {
    clean, corrupted, noise, metric, answer: decode([right]), before: heads.clean, after: heads.corrupted,
    heads: list(heads.effect), headEstimate: list(heads.estimate), places: list(places.effect), placeEstimate: list(places.estimate), agreement: heads.agreement,
  };
}

export interface Dot { name: string; exact: number; estimate: number; kind: 'head' | 'place' }
export function dots(f: Figure, heads: number): Dot[] {
  const T = Array.from(f.clean).length;
  return [
    ...f.heads.map((exact, i): Dot => ({ name: `${Math.floor(i / heads)}.${i % heads}`, exact, estimate: f.headEstimate[i]!, kind: 'head' })),
    ...f.places.map((exact, i): Dot => ({ name: `глубина ${Math.floor(i / T)}, место ${(i % T) + 1}`, exact, estimate: f.placeEstimate[i]!, kind: 'place' })),
  ].filter((d) => Number.isFinite(d.exact) && Number.isFinite(d.estimate));
}

/** Least squares through the origin, estimate ≈ slope · exact. */
export function slope(pairs: readonly { exact: number; estimate: number }[]): number {
  let [along, squares] = [0, 0];
  for (const { exact, estimate } of pairs) { along += exact * estimate; squares += exact * exact; }
  return squares > 0 ? along / squares : NaN;
}
export function pearson(pairs: readonly { exact: number; estimate: number }[]): number {
  const n = pairs.length;
  const [mx, my] = [pairs.reduce((s, p) => s + p.exact, 0) / n, pairs.reduce((s, p) => s + p.estimate, 0) / n];
  let [xy, xx, yy] = [0, 0, 0];
  for (const { exact, estimate } of pairs) { xy += (exact - mx) * (estimate - my); xx += (exact - mx) ** 2; yy += (estimate - my) ** 2; }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : NaN;
}

export const headAt = (i: number, heads: number): HeadRef => ({ layer: Math.floor(i / heads), head: i % heads });

/** One contrast on one model, over all prompts: effects are ratios of means, so that a prompt that hardly moves cannot rule. */
export interface ContrastRow {
  /** Mean fall of the metric from the clean string to the corrupted one. */
  gap: number;
  denoise: number[];
  noise: number[];
  /** The same by the gradient. */
  guess: { denoise: number[]; noise: number[] };
  /** Gradient against patch, heads and prompts pooled, in units of the metric. */
  estimate: { denoise: { pearson: number; slope: number }; noise: { pearson: number; slope: number } };
}
export interface Row {
  seed: number;
  accuracy: number;
  /** Index of the head of layer 0 that attends most to the previous letter, and how much. */
  previous: number;
  attends: number;
  /** Fall of the metric when a head's output is zero, or its mean: [H_all] each. */
  zero: number[];
  mean: number[];
  metric: number;
  contrasts: Record<Contrast, ContrastRow>;
  /** The output of layer 0's attention at the source restored: share of the lost metric, letter exchanged and embedding blurred. */
  blur: { exchange: number; noise: number; lostExchange: number; lostNoise: number };
}
export interface Recorded {
  commit: string;
  prompts: number;
  rows: Row[];
  figure: Figure;
}
