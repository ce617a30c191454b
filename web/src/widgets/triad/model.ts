// Ablate, patch, prune: any set of heads on any sentence, and what became of the answer and of the losses.
import type { HeadRef, HeadSite, InterventionRequest, RemoteEngine } from '../../../../wasm/client/types.ts';
import { mulberry, shuffled as drawn } from '../../lib/random.ts';
import { mean } from '../../lib/statistics.ts';
import type { ModelName, Subject } from './subject.ts';

export const TOOLS = ['ablate', 'patch', 'prune'] as const;
export const HOWS = ['zero', 'mean', 'resample'] as const;
export const WAYS = ['noise', 'denoise'] as const;
export const SITES = ['z', 'q', 'k', 'v', 'pattern'] as const satisfies readonly HeadSite[];
export const ORDERS = ['mine', 'single', 'greedy', 'random'] as const;
export const MEASURES = ['logit', 'loss'] as const;
export type Tool = (typeof TOOLS)[number];
export type How = (typeof HOWS)[number];
export type Way = (typeof WAYS)[number];
export type Order = (typeof ORDERS)[number];
export type Measure = (typeof MEASURES)[number];
export const TOP = 5;

/** What is asked: all of it in the address. */
export interface Inputs {
  model: ModelName;
  text: string;
  /** The other sentence: whose heads speak when they are patched. */
  twin: string;
  tool: Tool;
  how: How;
  way: Way;
  site: HeadSite;
  /** Where; empty: everywhere. */
  places: number[];
  /** Heads that are worked on, in the order they were chosen: layer · H + head. */
  heads: number[];
  /** Place whose next token is judged; −1: the last. */
  at: number;
  /** Tokens as they are shown; empty: the model's own choice. */
  right: string;
  wrong: string;
  /** Whose attention map is shown. */
  head: number;
  seed: number;
}
export interface Reading {
  /** Of predicting token i + 1. */
  losses: number[];
  /** Their mean. */
  loss: number;
  /** −ln p(right) at the judged place. */
  here: number;
  /** logit(right) − logit(wrong) there. */
  difference: number;
}
export interface Figure extends Inputs {
  tokens: string[];
  twinTokens: string[];
  place: number;
  /** As they are shown: the state's, or the model's own. */
  rightToken: string;
  wrongToken: string;
  before: Reading;
  after: Reading;
  /** The difference of the sentence that lends its heads: what a full patch would reach. */
  lender: number | null;
  /** Likeliest before, then those that came up: probability before and after. */
  next: { token: string; before: number; after: number }[];
  map: { before: number[]; after: number[] };
  /** Why nothing was done, for the reader. */
  problem: string;
}
/** What each head costs given that the chosen ones are worked on already, and given that none is. */
export interface Sweep {
  heads: number[];
  logit: { given: number[]; alone: number[] };
  loss: { given: number[]; alone: number[] };
  /** What each head's own write adds to the difference in the sentence as it is, the last norm held still. */
  direct: number[];
}
export interface Curve {
  order: number[];
  /** After 0, 1, 2 … heads. */
  loss: number[];
  logit: number[];
}

export const headAt = (i: number, heads: number): HeadRef => ({ layer: Math.floor(i / heads), head: i % heads });
export const nameOf = (i: number, heads: number): string => `${Math.floor(i / heads)}.${i % heads}`;
const sets = (of: readonly (readonly number[])[], heads: number): HeadRef[][] => of.map((set) => set.map((i) => headAt(i, heads)));

/** The sentence that is run, the one that lends, and how: the part of a request that all questions share. */
export interface Setting {
  subject: Subject;
  ids: number[];
  lender: number[] | null;
  request: Omit<InterventionRequest, 'sets' | 'at'>;
  position: number;
  problem: string;
}
export function setting(subject: Subject, inputs: Inputs): Setting {
  const clean = subject.encode(inputs.text);
  const base = { subject, position: inputs.at < 0 ? clean.length - 1 : Math.min(inputs.at, clean.length - 1) };
  if (inputs.tool !== 'patch') {
    const others = subject.others(clean);
    const lender = inputs.how === 'resample' ? others[(inputs.seed - 1) % others.length]! : null;
    const reference = inputs.how === 'mean' && subject.name === 'ru-small' ? { reference: others } : {};
    return { ...base, ids: clean, lender, problem: '', request: { tokens: clean, how: lender ? 'patch' : (inputs.how as 'zero' | 'mean'), ...(lender ? { other: lender } : reference) } };
  }
  const twin = subject.encode(inputs.twin);
  if (twin.length !== clean.length)
    return { ...base, ids: clean, lender: null, problem: `Подмена идёт место за местом, а токенов ${clean.length} и ${twin.length}: подберите второе предложение той же длины.`, request: { tokens: clean, how: 'zero' } };
  const [ids, lender] = inputs.way === 'noise' ? [clean, twin] : [twin, clean];
  const places = inputs.places.filter((p) => p < ids.length);
  return { ...base, ids, lender, problem: '', request: { tokens: ids, how: 'patch', other: lender, site: inputs.site, ...(places.length > 0 && { positions: places }) } };
}

export function softmax(row: ArrayLike<number>): Float64Array {
  let top = -Infinity;
  for (let i = 0; i < row.length; i += 1) top = Math.max(top, row[i] as number);
  const e = Float64Array.from(row, (x) => Math.exp(x - top));
  const sum = e.reduce((a, b) => a + b, 0);
  return e.map((x) => x / sum);
}
/** Indices of the n largest. */
export const largest = (row: ArrayLike<number>, n: number): number[] =>
  Array.from(row, (_, i) => i).sort((a, b) => (row[b] as number) - (row[a] as number)).slice(0, n);

/** The two tokens that are weighed: the reader's, else the model's first on the clean sentence and its first on the other. */
export async function rivals(engine: RemoteEngine, s: Setting, inputs: Inputs): Promise<{ right: number; wrong: number }> {
  const { subject } = s;
  const given = { right: inputs.right === '' ? null : subject.first(inputs.right), wrong: inputs.wrong === '' ? null : subject.first(inputs.wrong) };
  if (given.right !== null && given.wrong !== null) return { right: given.right, wrong: given.wrong };
  const top = async (ids: number[]): Promise<number[]> => {
    const { rows } = await engine.intervene(subject.id, { tokens: ids, sets: [[]], how: 'zero', at: { position: s.position, right: 0, wrong: 0 }, rows: true });
    return largest(rows!.data, 2);
  };
  const clean = await top(subject.encode(inputs.text));
  const right = given.right ?? clean.find((t) => t !== given.wrong)!;
  if (given.wrong !== null) return { right, wrong: given.wrong };
  const twin = inputs.tool === 'patch' && s.lender ? await top(s.ids === s.lender ? clean : subject.encode(inputs.twin)) : [];
  return { right, wrong: [...twin.slice(0, 1), ...clean].find((t) => t !== right)! };
}

const list = (x: ArrayLike<number>, from: number, count: number): number[] => Array.from({ length: count }, (_, i) => x[from + i] as number);

export async function ask(engine: RemoteEngine, subject: Subject, inputs: Inputs): Promise<Figure> {
  const s = setting(subject, inputs);
  const { right, wrong } = await rivals(engine, s, inputs);
  const at = { position: s.position, right, wrong };
  const worked = s.problem ? [] : inputs.heads;
  const got = await engine.intervene(subject.id, { ...s.request, sets: sets([[], worked], subject.heads), at, rows: true, map: headAt(inputs.head, subject.heads) });
  const T = s.ids.length;
  const p = [0, 1].map((i) => softmax(got.rows!.data.subarray(i * subject.vocab, (i + 1) * subject.vocab))) as [Float64Array, Float64Array];
  const read = (i: 0 | 1): Reading => {
    const losses = list(got.losses.data, i * (T - 1), T - 1);
    return { losses, loss: mean(losses), here: -Math.log(p[i][right]!), difference: got.difference[i]! };
  };
  const lender = inputs.tool === 'patch' && s.lender
    ? (await engine.intervene(subject.id, { tokens: s.lender, sets: [[]], how: 'zero', at })).difference[0]!
    : null;
  const shown = [...new Set([...largest(p[0], TOP), ...largest(p[1], 2), right, wrong])].slice(0, TOP + 2);
  return {
    ...inputs, tokens: s.ids.map((t) => subject.token(t)), twinTokens: (s.lender ?? []).map((t) => subject.token(t)), place: s.position,
    rightToken: subject.token(right), wrongToken: subject.token(wrong), before: read(0), after: read(1), lender,
    next: shown.map((t) => ({ token: subject.token(t), before: p[0][t]!, after: p[1][t]! })),
    map: { before: list(got.maps!.data, 0, T * T), after: list(got.maps!.data, T * T, T * T) }, problem: s.problem,
  };
}

/** Sets that one call answers: some 70 ms of a dozen tokens, so that other questions get through. A measurement sets it higher. */
export const pace = { slice: 8 };
interface Many { loss: number[]; logit: number[] }
/** The measures of many sets, in slices; `onShare` hears how much is done. */
export async function many(engine: RemoteEngine, s: Setting, at: InterventionRequest['at'], of: readonly (readonly number[])[], signal?: AbortSignal, onShare?: (share: number) => void): Promise<Many> {
  const out: Many = { loss: [], logit: [] };
  const n = s.ids.length - 1;
  for (let from = 0; from < of.length; from += pace.slice) {
    signal?.throwIfAborted();
    const slice = of.slice(from, from + pace.slice);
    const { losses, difference } = await engine.intervene(s.subject.id, { ...s.request, sets: sets(slice, s.subject.heads), at });
    slice.forEach((_, i) => {
      out.loss.push(mean(list(losses.data, i * n, n)));
      out.logit.push(difference[i]!);
    });
    onShare?.(Math.min(1, (from + pace.slice) / of.length));
  }
  return out;
}

/** For every head: the set with it less the set without it. */
export async function sweep(engine: RemoteEngine, subject: Subject, inputs: Inputs, signal?: AbortSignal, onShare?: (share: number) => void): Promise<Omit<Sweep, 'direct'>> {
  const s = setting(subject, inputs);
  const total = subject.layers * subject.heads;
  const empty = Array.from({ length: total }, () => NaN);
  if (s.problem) return { heads: inputs.heads, logit: { given: empty, alone: empty }, loss: { given: empty, alone: empty } };
  const { right, wrong } = await rivals(engine, s, inputs);
  const at = { position: s.position, right, wrong };
  const all = Array.from({ length: total }, (_, i) => i);
  const { heads } = inputs;
  const switched = all.map((i) => (heads.includes(i) ? heads.filter((h) => h !== i) : [...heads, i]));
  const alone = all.map((i) => [i]);
  const asked = [[], heads, ...switched, ...(heads.length > 0 ? alone : [])];
  const got = await many(engine, s, at, asked, signal, onShare);
  const costs = (x: readonly number[]): { given: number[]; alone: number[] } => {
    const given = all.map((i) => (heads.includes(i) ? x[1]! - x[2 + i]! : x[2 + i]! - x[1]!));
    return { given, alone: heads.length > 0 ? all.map((i) => x[2 + total + i]! - x[0]!) : given };
  };
  return { heads, logit: costs(got.logit), loss: costs(got.loss) };
}

/** Direct logit attribution, head by head: right less wrong. */
export async function direct(engine: RemoteEngine, subject: Subject, inputs: Inputs): Promise<number[]> {
  const s = setting(subject, inputs);
  const { right, wrong } = await rivals(engine, s, inputs);
  const out = new Array<number>(subject.layers * subject.heads).fill(0);
  for (const [target, sign] of [[right, 1], [wrong, -1]] as const)
    for (const part of (await engine.attribution(subject.id, s.ids, s.position, target)).parts)
      if (part.head >= 0) out[part.layer * subject.heads + part.head]! += sign * part.logit;
  return out;
}

/** An order drawn by lot, the same everywhere. */
export const shuffled = (n: number, seed: number): number[] => drawn(n, mulberry(seed));

/** Heads removed one after another. `mine`: the reader's order, the rest by their single price. */
export async function curve(engine: RemoteEngine, subject: Subject, inputs: Inputs, order: Order, signal?: AbortSignal, onShare?: (share: number) => void): Promise<Curve> {
  const s = setting(subject, inputs);
  const { right, wrong } = await rivals(engine, s, inputs);
  const at = { position: s.position, right, wrong };
  const total = subject.layers * subject.heads;
  const all = Array.from({ length: total }, (_, i) => i);
  if (order === 'greedy') return greedy(engine, s, at, total, signal, onShare);
  let chosen = shuffled(total, inputs.seed);
  if (order !== 'random') {
    const single = (await many(engine, s, at, all.map((i) => [i]), signal)).loss;
    const cheap = [...all].sort((a, b) => single[a]! - single[b]!);
    chosen = order === 'mine' ? [...inputs.heads, ...cheap.filter((i) => !inputs.heads.includes(i))] : cheap;
  }
  return { order: chosen, ...(await many(engine, s, at, [...all, total].map((k) => chosen.slice(0, k)), signal, onShare)) };
}
async function greedy(engine: RemoteEngine, s: Setting, at: InterventionRequest['at'], total: number, signal?: AbortSignal, onShare?: (share: number) => void): Promise<Curve> {
  const order: number[] = [];
  const whole = await many(engine, s, at, [[]], signal);
  const out = { loss: [...whole.loss], logit: [...whole.logit] };
  const runs = (total * (total + 1)) / 2;
  let done = 0;
  while (order.length < total) {
    const left = Array.from({ length: total }, (_, i) => i).filter((i) => !order.includes(i));
    const got = await many(engine, s, at, left.map((i) => [...order, i]), signal);
    const best = got.loss.indexOf(Math.min(...got.loss));
    order.push(left[best]!);
    out.loss.push(got.loss[best]!);
    out.logit.push(got.logit[best]!);
    done += left.length;
    onShare?.(done / runs);
  }
  return { order, ...out };
}
/** How many heads of the order go before the loss has grown by this much, nats. */
export const reach = (c: Curve, by: number): number => {
  const over = c.loss.findIndex((x) => x > c.loss[0]! + by);
  return over < 0 ? c.loss.length - 1 : over - 1;
};
/** The share of the way to the lender that a patch goes. */
export const share = (f: Figure): number => (f.lender === null ? NaN : (f.after.difference - f.before.difference) / (f.lender - f.before.difference));
/** Places are counted from 0, as the tokens under the sentence are. */
export const points = (curve: readonly number[], from = 1): [number, number][] => curve.map((y, i) => [i + from, y]);
export const names = (heads: readonly number[], perLayer: number): string => heads.map((i) => nameOf(i, perLayer)).join(', ');
