// The function laboratory: which heads carry «what is being done here» from the examples to the place that answers, and what
// happens when their mean answer is put where there are no examples. Everything is asked of the engine's plain `run`.
import type { ModelInfo, RemoteEngine, TensorData } from '../../../../wasm/client/types.ts';
import { mulberry, shuffled } from '../../lib/random.ts';
import { mean } from '../../lib/statistics.ts';

export const FILE = 'models/functions-2l.safetensors';
export const [LETTERS, BOS, MOST] = [16, 16, 9];
/** Examples in the prompts that vectors are taken from, and in those of the other function. */
export const [SHOWN, OTHERS] = [8, 5];

export interface Subject {
  id: number;
  layers: number;
  heads: number;
  /** Each a permutation of the letters; the file says which. */
  functions: number[][];
}
export function subject(info: ModelInfo): Subject {
  const functions = JSON.parse(info.metadata.functions ?? '[]') as number[][];
  if (functions.length === 0 || functions.some((f) => f.length !== LETTERS)) throw new Error('В файле модели не названы её функции');
  return { id: info.id, layers: info.config.layers, heads: info.config.heads, functions };
}

export interface Prompt {
  tokens: number[];
  /** The function whose answer is right. */
  f: number;
  answer: number;
}
/** ⊢ x₁ π(x₁) … xₙ π(xₙ) x: the letters x differ, the last is asked. Mixed labels: the same answers, handed round. */
export function prompt(s: Subject, f: number, n: number, next: () => number, { mixed = false, asked = -1 } = {}): Prompt {
  const x = shuffled(LETTERS, next);
  if (asked >= 0) {
    const at = x.indexOf(asked);
    [x[at], x[n]] = [x[n]!, asked];
  }
  const y = x.slice(0, n).map((v) => s.functions[f]![v]!);
  const shift = mixed && n > 1 ? 1 + Math.floor(next() * (n - 1)) : 0; // no answer stays where it was
  const tokens = [BOS, ...x.slice(0, n).flatMap((v, i) => [v, y[(i + shift) % n]!]), x[n]!];
  return { tokens, f, answer: s.functions[f]![x[n]!]! };
}
/** ⊢ x for every function and letter. */
export const bare = (s: Subject): Prompt[] => s.functions.flatMap((map, f) => map.map((answer, x) => ({ tokens: [BOS, x], f, answer })));
const many = (s: Subject, each: number, make: (f: number) => Prompt): Prompt[] => s.functions.flatMap((_, f) => Array.from({ length: each }, () => make(f)));

const site = (layer: number, what: string): string => `blocks.${layer}.${what}`;
const copy = (t: TensorData): TensorData => ({ shape: [...t.shape], data: Float32Array.from(t.data) });
/** Numbers of the last position of row b: [B, T, …]. */
function last(t: TensorData, b: number): Float32Array {
  const T = t.shape[1]!;
  const size = t.data.length / (t.shape[0]! * T);
  return t.data.subarray((b * T + T - 1) * size, (b * T + T) * size) as Float32Array;
}

export type Engine = Pick<RemoteEngine, 'run'>;
export interface Answers { said: number[]; p: number[] }
function judged(logits: TensorData, prompts: readonly Prompt[]): Answers {
  const out: Answers = { said: [], p: [] };
  prompts.forEach((q, b) => {
    const row = last(logits, b);
    const top = row.reduce((best, x, i) => (x > row[best]! ? i : best), 0);
    const sum = row.reduce((a, x) => a + Math.exp(x - row[top]!), 0);
    out.said.push(top);
    out.p.push(Math.exp(row[q.answer]! - row[top]!) / sum);
  });
  return out;
}

/** What examples make the heads say at the place that answers, a mean for every group of prompts: per layer [H·d], and as written to the stream, [H·D]. */
export interface Vectors { z: Float64Array[][]; written: Float64Array[][] }
/** Groups of `each` prompts in a row are averaged. */
export async function vectors(engine: Engine, s: Subject, prompts: readonly Prompt[], each: number): Promise<Vectors> {
  const capture = Array.from({ length: s.layers }, (_, l) => [site(l, 'attn.z'), site(l, 'attn.result')]).flat();
  const { tensors } = await engine.run(s.id, { tokens: prompts.map((q) => q.tokens), capture });
  const mean = (l: number, what: string, group: number): Float64Array => {
    const t = tensors[site(l, what)]!;
    const sum = new Float64Array(last(t, 0).length);
    for (let i = 0; i < each; i += 1) last(t, group * each + i).forEach((v, c) => (sum[c]! += v / each));
    return sum;
  };
  const of = (what: string): Float64Array[][] => Array.from({ length: prompts.length / each }, (_, group) => Array.from({ length: s.layers }, (_, l) => mean(l, what, group)));
  return { z: of('attn.z'), written: of('attn.result') };
}

/**
 * Means per function and letter with their meeting taken out: for every (f, x), f·16 + x, the sum ō_f + ō_x − ō. The control of `letter`:
 * both the function and the letter are told, but not the function of this letter.
 */
export function apart(own: Vectors['z']): Vectors {
  const F = own.length / LETTERS;
  const over = (cells: readonly Float64Array[][]): Float64Array[] =>
    cells[0]!.map((one, l) => one.map((_, c) => cells.reduce((sum, cell) => sum + cell[l]![c]!, 0) / cells.length));
  const all = over(own);
  const ofFunction = Array.from({ length: F }, (_, f) => over(own.slice(f * LETTERS, (f + 1) * LETTERS)));
  const ofLetter = Array.from({ length: LETTERS }, (_, x) => over(own.filter((_, i) => i % LETTERS === x)));
  const sum = (f: number, x: number): Float64Array[] => all.map((mean, l) => mean.map((v, c) => ofFunction[f]![l]![c]! + ofLetter[x]![l]![c]! - v));
  return { z: own.map((_, i) => sum(Math.floor(i / LETTERS), i % LETTERS)), written: [] };
}

/** Answers when the given heads say, at the last place, what the examples of function `as(prompt)` make them say; the rest is live. */
// #region replaced
// A later head must hear what the replaced ones said:
// one run for every layer that is touched.
export async function replaced(
  engine: Engine, s: Subject, prompts: readonly Prompt[],
  v: Vectors, heads: readonly number[], as: (q: Prompt) => number,
): Promise<Answers> {
  const tokens = prompts.map((q) => q.tokens);
  const put: { name: string; value: TensorData }[] = [];
  for (let l = 0; l < s.layers; l += 1) {
    const own = heads.filter((h) => Math.floor(h / s.heads) === l);
    if (own.length === 0) continue;
    const name = site(l, 'attn.z');
    const asked = { tokens, capture: [name], replace: put };
    const value = copy((await engine.run(s.id, asked)).tensors[name]!);
    const d = value.shape[3]!;
    prompts.forEach((q, b) => own.forEach((head) => {
      const at = (head % s.heads) * d;
      last(value, b).set(v.z[as(q)]![l]!.subarray(at, at + d), at);
    }));
    put.push({ name, value });
  }
  const asked = { tokens, capture: ['logits'], replace: put };
  return judged((await engine.run(s.id, asked)).tensors.logits!, prompts);
}
// #endregion

/** Answers when the sum of what the heads write is added to the stream at one place of depth. */
export async function added(engine: Engine, s: Subject, prompts: readonly Prompt[], v: Vectors, heads: readonly number[], where: string): Promise<Answers> {
  const tokens = prompts.map((q) => q.tokens);
  const value = copy((await engine.run(s.id, { tokens, capture: [where] })).tensors[where]!);
  const D = value.shape[2]!;
  prompts.forEach((q, b) => {
    const row = last(value, b);
    for (const h of heads) for (let c = 0; c < D; c += 1) row[c]! += v.written[q.f]![Math.floor(h / s.heads)]![(h % s.heads) * D + c]!;
  });
  return judged((await engine.run(s.id, { tokens, capture: ['logits'], replace: [{ name: where, value }] })).tensors.logits!, prompts);
}

const plain = (engine: Engine, s: Subject, prompts: readonly Prompt[]): Promise<Answers> => replaced(engine, s, prompts, { z: [], written: [] }, [], () => 0);
export const right = (a: Answers, prompts: readonly Prompt[]): number => mean(prompts.map((q, i) => Number(a.said[i] === q.answer)));

/** AIE (Todd et al. 2023): how much the right answer's probability rises on prompts of mixed labels when one head says what real examples make it say. */
export async function effects(engine: Engine, s: Subject, prompts: readonly Prompt[], v: Vectors): Promise<number[]> {
  const before = await plain(engine, s, prompts);
  const out: number[] = [];
  for (let h = 0; h < s.layers * s.heads; h += 1) {
    const after = await replaced(engine, s, prompts, v, [h], (q) => q.f);
    out.push(mean(after.p.map((p, i) => p - before.p[i]!)));
  }
  return out;
}

/** Where the asking letter looks: every head's last row on one prompt, [L·H, T], and over all prompts the shares of ⊢, of the letters x, of the answers and of itself. */
async function looks(engine: Engine, s: Subject, prompts: readonly Prompt[]): Promise<{ rows: number[][]; shares: number[][] }> {
  const names = Array.from({ length: s.layers }, (_, l) => site(l, 'attn.pattern'));
  const { tensors } = await engine.run(s.id, { tokens: prompts.map((q) => q.tokens), capture: names });
  const [rows, shares]: [number[][], number[][]] = [[], []];
  for (const name of names)
    for (let h = 0; h < s.heads; h += 1) {
      const { shape: [, H, T], data } = tensors[name] as { shape: [number, number, number, number]; data: Float32Array };
      const row = (b: number): Float32Array => data.subarray(((b * H + h) * T + T - 1) * T, ((b * H + h) * T + T) * T);
      rows.push(Array.from(row(0)));
      const share = [0, 0, 0, 0];
      prompts.forEach((_, b) => row(b).forEach((w, t) => (share[t === 0 ? 0 : t === T - 1 ? 3 : t % 2 === 1 ? 1 : 2]! += w / prompts.length)));
      shares.push(share);
    }
  return { rows, shares };
}

export const PLACES = ['blocks.1.resid_pre', 'blocks.1.resid_mid'] as const;
export interface Figure {
  functions: number[][];
  heads: number;
  /** Right answers by the number of examples, 0 … MOST. */
  demos: number[];
  /** Of prompts with mixed labels: right answers, and AIE of every head. */
  mixed: number;
  aie: number[];
  /** Heads by AIE, the strongest first. */
  order: number[];
  /** Without examples, by the number of heads replaced: the strongest first; the weakest first. */
  top: number[];
  bottom: number[];
  /** The strongest first, each saying its mean for this function and this letter. */
  letter: number[];
  /** The same with the sum of the mean of the function and that of the letter: both without their meeting. */
  sum: number[];
  /** The strongest heads' writes added to the stream before layer 1, and between its attention and its MLP. */
  added: number[][];
  /** With examples of another function: answers of the one put in, and of the one shown. */
  wins: number[];
  keeps: number[];
  /** What is said for every function and letter, by the number of the strongest heads replaced, [L·H + 1][F·16]: by means of the function, of function and letter. */
  said: number[][];
  spelled: number[][];
  /** A prompt, and where its last letter looks. */
  prompt: number[];
  rows: number[][];
  shares: number[][];
}

const counts = (s: Subject): number[] => Array.from({ length: s.layers * s.heads + 1 }, (_, k) => k);
export async function ask(engine: Engine, s: Subject, seed: number, signal?: AbortSignal): Promise<Figure> {
  const next = mulberry(seed);
  const go = (): void => signal?.throwIfAborted();
  const demos: number[] = [];
  for (let n = 0; n <= MOST; n += 1) {
    const prompts = n === 0 ? bare(s) : many(s, 32, (f) => prompt(s, f, n, next));
    demos.push(right(await plain(engine, s, prompts), prompts));
  }
  go();
  const v = await vectors(engine, s, many(s, 48, (f) => prompt(s, f, SHOWN, next)), 48);
  // The same, a mean for every function and letter: what is lost when letters are averaged, too.
  const own: Vectors = { z: [], written: [] };
  for (const f of s.functions.keys()) {
    const part = await vectors(engine, s, Array.from({ length: LETTERS * 8 }, (_, i) => prompt(s, f, SHOWN, next, { asked: i >> 3 })), 8);
    own.z.push(...part.z);
  }
  const mixed = many(s, 64, (f) => prompt(s, f, SHOWN, next, { mixed: true }));
  const aie = await effects(engine, s, mixed, v);
  const order = aie.map((_, h) => h).sort((a, b) => aie[b]! - aie[a]!);
  go();
  const empty = bare(s);
  const F = s.functions.length;
  const foreign = many(s, 16, (f) => ({ ...prompt(s, f, OTHERS, next) }));
  const instead = (q: Prompt): number => (q.f + 1) % F;
  const meetingless = apart(own.z);
  const [top, bottom, wins, keeps]: [number[], number[], number[], number[]] = [[], [], [], []];
  const [letter, sum]: [number[], number[]] = [[], []];
  const [said, spelled]: [number[][], number[][]] = [[], []];
  const sums: number[][] = PLACES.map(() => []);
  for (const k of counts(s)) {
    const [best, worst] = [order.slice(0, k), order.slice(order.length - k)];
    const a = await replaced(engine, s, empty, v, best, (q) => q.f);
    said.push(a.said);
    top.push(right(a, empty));
    bottom.push(right(await replaced(engine, s, empty, v, worst, (q) => q.f), empty));
    const cell = (q: Prompt): number => q.f * LETTERS + q.tokens.at(-1)!;
    const b = await replaced(engine, s, empty, own, best, cell);
    letter.push(right(b, empty));
    sum.push(right(await replaced(engine, s, empty, meetingless, best, cell), empty));
    spelled.push(b.said);
    for (const [i, where] of PLACES.entries()) sums[i]!.push(right(await added(engine, s, empty, v, best, where), empty));
    const c = await replaced(engine, s, foreign, v, best, instead);
    keeps.push(right(c, foreign));
    wins.push(mean(foreign.map((q, i) => Number(c.said[i] === s.functions[instead(q)]![q.tokens.at(-1)!]))));
    go();
  }
  const seen = many(s, 16, (f) => prompt(s, f, SHOWN, next));
  const one = await looks(engine, s, seen);
  return { functions: s.functions, heads: s.heads, demos, mixed: right(await plain(engine, s, mixed), mixed), aie, order, top, bottom, letter, sum, added: sums, wins, keeps, said, spelled, prompt: seen[0]!.tokens, ...one };
}

/** The best that can be said without examples: for every letter, what most functions make of it. */
export function blindBound(functions: readonly (readonly number[])[]): number {
  let sum = 0;
  for (let x = 0; x < LETTERS; x += 1) {
    const count = new Array<number>(LETTERS).fill(0);
    for (const f of functions) count[f[x]!]! += 1;
    sum += Math.max(...count);
  }
  return sum / (LETTERS * functions.length);
}
/** The same after one example, x₀ → f(x₀): among the functions that agree with it, the commonest answer. */
export function oneExampleBound(functions: readonly (readonly number[])[]): number {
  let [sum, all] = [0, 0];
  for (const f of functions)
    for (let x0 = 0; x0 < LETTERS; x0 += 1) {
      const left = functions.filter((g) => g[x0] === f[x0]);
      for (let x = 0; x < LETTERS; x += 1) {
        if (x === x0) continue;
        const count = new Array<number>(LETTERS).fill(0);
        for (const g of left) count[g[x]!]! += 1;
        const most = Math.max(...count);
        if (count[f[x]!] === most) sum += 1 / count.filter((c) => c === most).length;
        all += 1;
      }
    }
  return sum / all;
}

/** What the recording keeps of every seed. */
export type Summary = Pick<Figure, 'demos' | 'mixed' | 'aie' | 'order' | 'top' | 'bottom' | 'letter' | 'sum' | 'added' | 'wins' | 'keeps' | 'shares'>;
export interface Recorded { commit: string; seed: number; figure: Figure; seeds: Summary[] }
