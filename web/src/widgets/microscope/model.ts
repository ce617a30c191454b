// From characters to the next token: what to ask the core, and how each number follows from the ones before it.
import type { RemoteEngine, TensorData } from '../../../../wasm/client/types.ts';
import { angle, rootMeanSquare, silu, softmax, type Net } from '../ru-small/net.ts';
import type { RuSmall } from '../ru-small/open.ts';
import { label, type Encoded, type Word } from '../ru-small/tokenizer.ts';
import { Witness } from '../ru-small/witness.ts';

export const TEXT = 'Она сказала, что ещё не знает, как';
export const MAX_CHARACTERS = 100;
export const MAX_TOKENS = 24;
/** Coordinates of the stream that are printed; the sums run over all of them. */
export const SHOWN = 12;
export const CANDIDATES = 10;

export const STEPS = ['tokens', 'embed', 'norm', 'qkv', 'scores', 'weights', 'mix', 'stream', 'ffn', 'logits'] as const;
export type Step = (typeof STEPS)[number];

type Numbers = ArrayLike<number>;
export interface Inputs { text: string; layer: number; head: number; at: number }

/** Everything the core computed on one text, and the second computation beside it. */
export interface Measured {
  text: string;
  encoded: Encoded;
  tensors: Record<string, TensorData>;
  checks: Checks;
}
export interface Checks {
  /** Largest |Σ_s A_ts − 1| over all rows of all heads. */
  rows: number;
  /** Largest |embedding + Σ writes − stream| at the last layer. */
  parts: number;
  /** Largest difference between the core and the second computation: weights of every head, logits of the last place. */
  path: number;
  /** The same for the streams of all layers, as a share of the largest number in them. */
  stream: number;
  /** That number. */
  size: number;
  /** The first five candidates are the same in both. */
  sameTop: boolean;
}

const SITES = ['resid_pre', 'attn_in', 'attn.q', 'attn.k', 'attn.rot_q', 'attn.rot_k', 'attn.v', 'attn.attn_scores', 'attn.pattern', 'attn.z', 'attn.result', 'attn_out', 'resid_mid', 'mlp_in', 'mlp.pre', 'mlp.post', 'mlp_out', 'resid_post'] as const;

/** As much of the text as fits, cut between words. */
export function fit(m: RuSmall, text: string): Encoded {
  let cut = Array.from(text).slice(0, MAX_CHARACTERS).join('');
  for (;;) {
    const e = m.tokenizer.encode(cut);
    if (e.ids.length <= MAX_TOKENS || e.words.length < 2) {
      return e.ids.length <= MAX_TOKENS ? e : { ...e, ids: e.ids.slice(0, MAX_TOKENS), tokens: e.tokens.slice(0, MAX_TOKENS) };
    }
    cut = e.words.slice(0, -1).map((w) => w.text).join('');
  }
}

let kept: { id: number; text: string; measured: Promise<Measured> } | undefined;

/** One run of the core a text: layers, heads and places are slices of it. */
export function measure(engine: RemoteEngine, m: RuSmall, text: string, pause: () => Promise<void> = async () => {}): Promise<Measured> {
  if (kept?.id === m.id && kept.text === text) return kept.measured;
  const measured = run(engine, m, text, pause);
  kept = { id: m.id, text, measured };
  measured.catch(() => { kept = undefined; });
  return measured;
}

async function run(engine: RemoteEngine, m: RuSmall, text: string, pause: () => Promise<void>): Promise<Measured> {
  const encoded = fit(m, text);
  const capture = ['embed', ...m.net.blocks.flatMap((_, l) => SITES.map((s) => `blocks.${l}.${s}`)), 'ln_final.normalized', 'logits'];
  const { tensors } = await engine.run(m.id, { tokens: [encoded.ids], capture });
  return { text, encoded, tensors, checks: await check(m.net, encoded.ids, tensors, pause) };
}

const of = (tensors: Record<string, TensorData>, name: string): Float32Array => {
  const found = tensors[name];
  if (!found) throw new Error(`the engine sent no ${name}`);
  return found.data;
};

async function check(net: Net, ids: readonly number[], tensors: Record<string, TensorData>, pause: () => Promise<void>): Promise<Checks> {
  const T = ids.length;
  const { width: D, heads: H, vocab: V, layers: L } = net;
  const out: Checks = { rows: 0, parts: 0, path: 0, stream: 0, size: 0, sameTop: true };
  const compare = (a: number, b: number): void => {
    out.path = Math.max(out.path, Math.abs(a - b));
  };
  const witness = new Witness(net);
  for (let t = 0; t < T; t += 1) {
    await pause();
    const trace = witness.step(ids[t]!, { predict: t === T - 1 });
    for (let l = 0; l < L; l += 1) {
      const [stream, pattern] = [of(tensors, `blocks.${l}.resid_post`), of(tensors, `blocks.${l}.attn.pattern`)];
      trace.layers[l]!.post.forEach((x, i) => {
        out.stream = Math.max(out.stream, Math.abs(stream[t * D + i]! - x));
        out.size = Math.max(out.size, Math.abs(x));
      });
      for (let h = 0; h < H; h += 1) {
        let sum = 0;
        for (let s = 0; s <= t; s += 1) {
          const a = pattern[(h * T + t) * T + s]!;
          sum += a;
          compare(a, trace.layers[l]!.weights[h]![s]!);
        }
        out.rows = Math.max(out.rows, Math.abs(sum - 1));
      }
    }
    if (t < T - 1) continue;
    const logits = of(tensors, 'logits').subarray(t * V, (t + 1) * V);
    trace.logits.forEach((x, v) => compare(logits[v]!, x));
    const top = (z: Numbers): string => order(z).slice(0, 5).join();
    out.sameTop = top(logits) === top(trace.logits);
  }
  for (let i = 0; i < T * D; i += 1) {
    let sum = of(tensors, 'embed')[i]!;
    for (let l = 0; l < L; l += 1) {
      const result = of(tensors, `blocks.${l}.attn.result`);
      for (let h = 0; h < H; h += 1) sum += result[(Math.floor(i / D) * H + h) * D + (i % D)]!;
      sum += of(tensors, `blocks.${l}.mlp_out`)[i]!;
    }
    out.parts = Math.max(out.parts, Math.abs(sum - of(tensors, `blocks.${L - 1}.resid_post`)[i]!));
  }
  out.stream /= out.size;
  return out;
}

export const order = (z: Numbers): number[] => Array.from({ length: z.length }, (_, i) => i).sort((a, b) => (z[b] as number) - (z[a] as number) || a - b);

export interface Candidate { token: string; id: number; logit: number; p: number }
export interface Figure extends Inputs {
  normal: string;
  tokens: string[];
  ids: number[];
  words: Word[];
  layers: number;
  heads: number;
  width: number; // D
  d: number;
  vocab: number;
  /** The first SHOWN coordinates at the chosen place. */
  embed: Numbers;
  pre: Numbers;
  normed: Numbers;
  gain: Numbers;
  rms: number;
  /** [d] at the chosen place, before and after the turn. */
  q: Numbers;
  rotQ: Numbers;
  k: Numbers;
  rotK: Numbers;
  /** Angles of the turn at this place, [d/2]. */
  angles: Numbers;
  /** [t + 1, d]: turned keys and values of every visible place. */
  keys: Numbers;
  values: Numbers;
  /** [t + 1] */
  scores: Numbers;
  weights: Numbers;
  z: Numbers; // [d]
  write: Numbers; // this head's, SHOWN
  attnOut: Numbers; // all heads', SHOWN
  mid: Numbers;
  mlpIn: Numbers;
  mlpOut: Numbers;
  post: Numbers;
  /** The neurons that write most: gate, what it lets through, length of what is written. */
  neurons: { index: number; gate: number; value: number; length: number }[];
  /** Lengths at this place: the embedding, then heads and block of every layer. */
  lengths: { label: string; value: number }[];
  final: Numbers; // SHOWN
  next: Candidate[];
  /** Probability of all the others. */
  rest: number;
  /** maps[layer][head], [T, T] */
  maps: Numbers[][];
  checks: Checks;
}

export const place = (at: number, T: number): number => (at >= 0 && at < T ? at : T - 1);

export function view(net: Net, name: (id: number) => string, { encoded, tensors, checks, text }: Measured, { layer, head, at }: Omit<Inputs, 'text'>): Figure {
  const { width: D, heads: H, head: d, layers: L, vocab: V, inner: M } = net;
  const T = encoded.ids.length;
  const t = place(at, T);
  const block = net.blocks[layer]!;
  const get = (site: string, l = layer): Float32Array => of(tensors, `blocks.${l}.${site}`);
  const row = (data: Float32Array, width: number, i = t): Float32Array => data.subarray(i * width, (i + 1) * width);
  const own = (site: string, i = t): Float32Array => get(site).subarray((i * H + head) * d, (i * H + head + 1) * d);
  const seen = (site: string): Float32Array => {
    const out = new Float32Array((t + 1) * d);
    for (let s = 0; s <= t; s += 1) out.set(own(site, s), s * d);
    return out;
  };
  const line = (site: string): Float32Array => get(site).slice((head * T + t) * T, (head * T + t) * T + t + 1);
  const shown = (data: Float32Array): Float32Array => row(data, D).slice(0, SHOWN);
  const length = (x: Numbers): number => Math.hypot(...Array.from(x));
  const pre = row(get('resid_pre'), D);
  const logits = row(of(tensors, 'logits'), V);
  const p = softmax(logits);
  const best = order(logits).slice(0, CANDIDATES);
  const post = row(get('mlp.post'), M);
  const gates = row(get('mlp.pre'), M);
  return {
    text, layer, head, at: t, normal: encoded.normal, tokens: encoded.tokens, ids: encoded.ids, words: encoded.words,
    layers: L, heads: H, width: D, d, vocab: V,
    embed: shown(of(tensors, 'embed')), pre: pre.slice(0, SHOWN), normed: shown(get('attn_in')), gain: block.ln1.slice(0, SHOWN), rms: rootMeanSquare(pre, net.epsilon),
    q: own('attn.q'), rotQ: own('attn.rot_q'), k: own('attn.k'), rotK: own('attn.rot_k'), angles: Float64Array.from({ length: d / 2 }, (_, i) => angle(net, t, i)),
    keys: seen('attn.rot_k'), values: seen('attn.v'), scores: line('attn.attn_scores'), weights: line('attn.pattern'),
    z: own('attn.z'), write: get('attn.result').slice((t * H + head) * D, (t * H + head) * D + SHOWN),
    attnOut: shown(get('attn_out')), mid: shown(get('resid_mid')), mlpIn: shown(get('mlp_in')), mlpOut: shown(get('mlp_out')), post: shown(get('resid_post')),
    neurons: Array.from(post, (value, index) => ({ index, gate: gates[index]!, value, length: Math.abs(value) * length(row(block.down, D, index)) })).sort((a, b) => b.length - a.length).slice(0, 8),
    lengths: [
      { label: 'эмбеддинг', value: length(row(of(tensors, 'embed'), D)) },
      ...net.blocks.flatMap((_, l) => [{ label: `внимание ${l}`, value: length(row(get('attn_out', l), D)) }, { label: `FFN ${l}`, value: length(row(get('mlp_out', l), D)) }]),
      { label: 'весь поток', value: length(row(get('resid_post', L - 1), D)) },
    ],
    final: shown(of(tensors, 'ln_final.normalized')),
    next: best.map((id) => ({ token: label(name(id)), id, logit: logits[id]!, p: p[id]! })),
    rest: 1 - best.reduce((sum, id) => sum + p[id]!, 0),
    maps: Array.from({ length: L }, (_, l) => Array.from({ length: H }, (_, h) => get('attn.pattern', l).slice(h * T * T, (h + 1) * T * T))),
    checks,
  };
}

export async function ask(engine: RemoteEngine, m: RuSmall, { text, layer, head, at }: Inputs, pause?: () => Promise<void>): Promise<Figure> {
  return view(m.net, (id) => m.tokenizer.name(id), await measure(engine, m, text, pause), { layer, head, at });
}

/** One score from its operands, one weight from its row. */
export interface Why { dot: number; score: number; top: number; exponent: number; sum: number; weight: number; terms: { i: number; q: number; k: number; product: number }[] }
export function why(f: Pick<Figure, 'd' | 'rotQ' | 'keys' | 'scores'>, s: number): Why {
  const terms = Array.from({ length: f.d }, (_, i) => {
    const [q, k] = [f.rotQ[i] as number, f.keys[s * f.d + i] as number];
    return { i, q, k, product: q * k };
  });
  const dot = terms.reduce((sum, x) => sum + x.product, 0);
  const row = Array.from(f.scores);
  const top = Math.max(...row);
  const sum = row.reduce((a, z) => a + Math.exp(z - top), 0);
  const score = row[s] as number;
  const exponent = Math.exp(score - top);
  return { dot, score, top, exponent, sum, weight: exponent / sum, terms: terms.sort((a, b) => Math.abs(b.product) - Math.abs(a.product)) };
}

/** z_i = Σ_s A_ts v_si, by places. */
export const mixed = (f: Pick<Figure, 'd' | 'weights' | 'values'>, i: number): { s: number; weight: number; value: number; product: number }[] =>
  Array.from(f.weights, (weight, s) => ({ s, weight, value: f.values[s * f.d + i] as number, product: weight * (f.values[s * f.d + i] as number) }));

/** The distribution that the next token is drawn from: the k best, at this temperature; 0 takes the best. */
export function sampling(next: readonly Candidate[], temperature: number, topK: number): number[] {
  const kept = next.slice(0, topK);
  return temperature === 0 ? kept.map((_, i) => (i === 0 ? 1 : 0)) : Array.from(softmax(kept.map((c) => c.logit), temperature));
}

/** What SwiGLU lets through for a gate of this value. */
export const through = silu;
