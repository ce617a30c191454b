// Where ru-small's heads spend what they have no use for: how much goes to the first place, what comes back from it, and what
// a text costs when the place is taken away, emptied, or given to another token.
import type { RemoteEngine, TensorData } from '../../../../wasm/client/types.ts';
import { mean, median } from '../../lib/statistics.ts';
import type { RuSmall } from '../ru-small/open.ts';
import { label, SEPARATOR } from '../ru-small/tokenizer.ts';

export const TEXT = 'Старик взял шапку, надел её на голову и вышел из комнаты, не сказав никому ни слова';
export const MAX_CHARACTERS = 140;
export const MAX_TOKENS = 40;
/** Later tokens over which a loss is averaged: fewer would be noise. */
export const TAIL = 5;
/** A head has a sink when its mean weight on the first place exceeds this (Gu et al. 2025). */
export const THRESHOLD = 0.3;

/** What stands before the text: the start token of training, a full stop, a word, nothing, or a word and then the start token. */
export const STARTS = ['start', 'stop', 'word', 'none', 'late'] as const;
export type Start = (typeof STARTS)[number];
const INSTEAD: Record<'stop' | 'word' | 'late', string> = { stop: '.', word: ' стол', late: ' стол' };
/** The place that is asked about: the first, or where ⊢ stands. */
export const placeOf = (first: Start): number => (first === 'late' ? 1 : 0);

/** Token ids with something else in the place of ⊢. */
export function tokensWith(m: RuSmall, text: string, first: Start, limit = MAX_TOKENS): number[] {
  const ids = m.tokenizer.encode(text).ids.slice(0, limit);
  if (first === 'start') return ids;
  if (first === 'none') return ids.slice(1);
  const own = m.tokenizer.encode(INSTEAD[first]).ids;
  if (own.length !== 2) throw new Error(`«${INSTEAD[first]}» is no single token`);
  return first === 'late' ? [own[1]!, ...ids.slice(0, limit - 1)] : [own[1]!, ...ids.slice(1)];
}
export const namesOf = (m: RuSmall, ids: readonly number[]): string[] => ids.map((id) => label(m.tokenizer.name(id)));

export interface Heads {
  /** [L·H]: mean weight on the place asked about, over the rows behind it. */
  weight: number[];
  /** ‖v_0‖ by the median ‖v_j‖ of the other places. */
  value: number[];
  /** ‖A_t0 v_0 W_O‖ by ‖z_t W_O‖: how large what comes from there is beside all that the head writes, mean over rows. */
  share: number[];
}
export interface Stream {
  /** [L + 1]: ‖x‖ of the first place by the median of the others, before block l and after the last. */
  norm: number[];
  /** [L + 1]: largest |x_i| of the first place by the median |x_i| of the whole stream. */
  peak: number[];
}

const length = (a: ArrayLike<number>, from: number, n: number): number => {
  let sum = 0;
  for (let i = 0; i < n; i += 1) sum += (a[from + i] as number) ** 2;
  return Math.sqrt(sum);
};
const site = (tensors: Record<string, TensorData>, name: string): Float32Array => {
  const found = tensors[name];
  if (!found) throw new Error(`the engine sent no ${name}`);
  return found.data;
};

/** ‖v W_O‖ of one head's vector. */
function written(o: Float32Array, D: number, d: number, head: number, v: ArrayLike<number>, at: number): number {
  let sum = 0;
  for (let j = 0; j < D; j += 1) {
    let x = 0;
    for (let i = 0; i < d; i += 1) x += (v[at + i] as number) * (o[(head * d + i) * D + j] as number);
    sum += x * x;
  }
  return Math.sqrt(sum);
}

export async function look(engine: RemoteEngine, m: RuSmall, ids: number[], at = 0): Promise<{ heads: Heads; stream: Stream; loss: number[]; maps: Float32Array[] }> {
  const { layers: L, heads: H, head: d, width: D, blocks } = m.net;
  const T = ids.length;
  const capture = blocks.flatMap((_, l) => [`blocks.${l}.attn.pattern`, `blocks.${l}.attn.v`, `blocks.${l}.attn.z`, `blocks.${l}.resid_pre`]);
  const { tensors, losses } = await engine.run(m.id, { tokens: [ids], capture: [...capture, `blocks.${L - 1}.resid_post`] });
  const heads: Heads = { weight: [], value: [], share: [] };
  const maps = blocks.map((_, l) => site(tensors, `blocks.${l}.attn.pattern`));
  for (let l = 0; l < L; l += 1) {
    const [v, z] = [site(tensors, `blocks.${l}.attn.v`), site(tensors, `blocks.${l}.attn.z`)];
    for (let h = 0; h < H; h += 1) {
      const rows = Array.from({ length: T - 1 - at }, (_, i) => i + at + 1);
      const onFirst = rows.map((t) => maps[l]![(h * T + t) * T + at]!);
      const norms = Array.from({ length: T }, (_, t) => length(v, (t * H + h) * d, d));
      const first = written(blocks[l]!.o, D, d, h, v, (at * H + h) * d);
      heads.weight.push(mean(onFirst));
      heads.value.push(norms[at]! / median(norms.filter((_, t) => t !== at)));
      heads.share.push(mean(rows.map((t, i) => (onFirst[i]! * first) / Math.max(1e-9, written(blocks[l]!.o, D, d, h, z, (t * H + h) * d)))));
    }
  }
  const streams = [...blocks.map((_, l) => site(tensors, `blocks.${l}.resid_pre`)), site(tensors, `blocks.${L - 1}.resid_post`)];
  const stream: Stream = {
    norm: streams.map((x) => length(x, at * D, D) / median(Array.from({ length: T }, (_, t) => t).filter((t) => t !== at).map((t) => length(x, t * D, D)))),
    peak: streams.map((x) => Math.max(...Array.from(x.subarray(at * D, (at + 1) * D), Math.abs)) / median(Array.from(x, Math.abs))),
  };
  return { heads, stream, loss: [...losses.data], maps };
}

/** A token that is all punctuation. */
export const isMark = (name: string): boolean => /^␣?\p{P}+$/u.test(name);

/** What falls to `places`: the share of all weight of the rows from the first on, mean over heads; and each head's mean weight on each place over the rows behind it. */
export function weightOn(maps: readonly Float32Array[], H: number, T: number, places: readonly number[]): { share: number; each: { weight: number; rows: number }[] } {
  const share: number[] = [];
  const each: { weight: number; rows: number }[] = [];
  for (const map of maps) {
    for (let h = 0; h < H; h += 1) {
      const at = (t: number, j: number): number => map[(h * T + t) * T + j]!;
      let sum = 0;
      for (const j of places) {
        let behind = 0;
        for (let t = j + 1; t < T; t += 1) behind += at(t, j);
        sum += at(j, j) + behind;
        if (j + 1 < T) each.push({ weight: behind / (T - 1 - j), rows: T - 1 - j });
      }
      share.push(sum / (T - 1));
    }
  }
  return { share: mean(share), each };
}

/** Marks [K, T, T] of what each query sees: everything but `hidden(k, i, j)`. */
export function seen(K: number, T: number, hidden: (k: number, i: number, j: number) => boolean): Float32Array {
  const out = new Float32Array(K * T * T).fill(1);
  for (let k = 0; k < K; k += 1) for (let i = 0; i < T; i += 1) for (let j = 0; j <= i; j += 1) if (hidden(k, i, j)) out[(k * T + i) * T + j] = 0;
  return out;
}
/** Rise of the mean loss of targets behind place j when each place in turn is out of sight of all later queries. [places] */
export async function evictions(engine: RemoteEngine, m: RuSmall, ids: number[], base: readonly number[], how: 'evict' | 'silence', places: readonly number[]): Promise<number[]> {
  const T = ids.length;
  const { data } = await engine.blind(m.id, { tokens: ids, seen: seen(places.length, T, (k, i, j) => j === places[k] && i > j), how });
  return places.map((j, k) => {
    const rises = Array.from({ length: T - 2 - j }, (_, n) => data[k * (T - 1) + j + 1 + n]! - base[j + 1 + n]!);
    return mean(rises);
  });
}

export interface Inputs { text: string; first: Start }
export interface Figure {
  first: Start;
  tokens: string[];
  layers: number;
  heads: Heads;
  stream: Stream;
  /** Mean loss of the targets that all starts share. */
  loss: number;
  /** The same with ⊢. */
  usual: number;
  /** Rise of the loss, nats a later token, by place. */
  evict: number[];
  silence: number[];
  /** [L·H] maps [T, T], absent in the recording but for one. */
  maps: Float32Array[];
}
/** Targets from the second word token on: their loss exists whatever stands first. */
export const shared = (loss: readonly number[], first: Start): number => mean(loss.slice(first === 'none' ? 0 : 1 + placeOf(first)));

export async function ask(engine: RemoteEngine, m: RuSmall, { text, first }: Inputs): Promise<Figure> {
  const ids = tokensWith(m, text, first);
  if (ids.length < TAIL + 3) throw new Error('Слишком короткий текст: напишите хотя бы предложение');
  const found = await look(engine, m, ids, placeOf(first));
  const usual = first === 'start' ? found.loss : (await look(engine, m, tokensWith(m, text, 'start'))).loss;
  const places = Array.from({ length: ids.length - TAIL - 1 }, (_, j) => j);
  return {
    first, tokens: namesOf(m, ids), layers: m.net.layers, heads: found.heads, stream: found.stream, maps: found.maps,
    loss: shared(found.loss, first), usual: shared(usual, 'start'),
    evict: await evictions(engine, m, ids, found.loss, 'evict', places), silence: await evictions(engine, m, ids, found.loss, 'silence', places),
  };
}
export const sinks = (weight: readonly number[]): number => weight.filter((w) => w > THRESHOLD).length;
