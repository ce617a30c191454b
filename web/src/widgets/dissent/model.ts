// Heads that speak against the right answer: what each writes straight into its logit, what the model loses without the head,
// and how much of the difference the rest makes up.
import type { RemoteEngine, TensorData } from '../../../../wasm/client/types.ts';
import { mean } from '../../lib/statistics.ts';
import { dot, rootMeanSquare, type Net } from '../ru-small/net.ts';
import type { RuSmall } from '../ru-small/open.ts';
import { namesOf } from '../sink/model.ts';

export const TEXT = 'Он вошёл в комнату, снял шляпу и поклонился. Она посмотрела на него и ничего не сказала. Он подошёл к окну';
export const MAX_CHARACTERS = 140;
export const MAX_TOKENS = 48;

export interface HeadFacts {
  /** What the head's own write, less its mean, adds to the right token's logit, scale of the last norm frozen; mean over places. */
  direct: number;
  /** What the logit really loses when the head's output becomes its mean. */
  total: number;
  /** Rise of the loss then. */
  loss: number;
  /** What the head adds to the logit of the token it looks at hardest, the first place aside. */
  looked: number;
}
export interface Figure {
  text: string;
  tokens: string[];
  layers: number;
  headCount: number;
  loss: number;
  /** [L·H] */
  heads: HeadFacts[];
  /** [L·H][T − 1]: direct part by place, of what comes after it. */
  byPlace: number[][];
}

const site = (tensors: Record<string, TensorData>, name: string): Float32Array => {
  const found = tensors[name];
  if (!found) throw new Error(`the engine sent no ${name}`);
  return found.data;
};

let kept: { net: Net; mean: Float64Array } | undefined;
/** The mean row of the embeddings: a logit is told from the mean of all. */
function meanRow(net: Net): Float64Array {
  if (kept?.net === net) return kept.mean;
  const { vocab: V, width: D } = net;
  const out = new Float64Array(D);
  for (let i = 0; i < V; i += 1) for (let j = 0; j < D; j += 1) out[j]! += net.embed[i * D + j]! / V;
  kept = { net, mean: out };
  return out;
}
/** g ∘ (E_token − mean): dotted with a stream divided by its rms, the token's logit less the mean of all. */
export function reader(net: Net, token: number): Float64Array {
  const middle = meanRow(net);
  return Float64Array.from({ length: net.width }, (_, i) => net.last[i]! * (net.embed[token * net.width + i]! - middle[i]!));
}
/** Logit of the target less the mean of all, and its loss, at each place. */
function judged(logits: Float32Array, V: number, targets: readonly number[]): { logit: number[]; loss: number[] } {
  const [logit, loss]: [number[], number[]] = [[], []];
  targets.forEach((target, t) => {
    const row = logits.subarray(t * V, (t + 1) * V);
    let [top, sum, all] = [-Infinity, 0, 0];
    for (const x of row) { if (x > top) top = x; all += x; }
    for (const x of row) sum += Math.exp(x - top);
    logit.push(row[target]! - all / V);
    loss.push(Math.log(sum) + top - row[target]!);
  });
  return { logit, loss };
}

export async function measure(engine: RemoteEngine, m: RuSmall, ids: number[], wanted?: readonly number[], signal?: AbortSignal): Promise<Pick<Figure, 'loss' | 'heads' | 'byPlace'>> {
  const { layers: L, heads: H, width: D, vocab: V, epsilon } = m.net;
  const T = ids.length;
  const targets = ids.slice(1);
  const capture = [...m.net.blocks.flatMap((_, l) => [`blocks.${l}.attn.result`, `blocks.${l}.attn.pattern`]), `blocks.${L - 1}.resid_post`, 'logits'];
  const { tensors } = await engine.run(m.id, { tokens: [ids], capture });
  const whole = judged(site(tensors, 'logits'), V, targets);
  const stream = site(tensors, `blocks.${L - 1}.resid_post`);
  const right = targets.map((token) => reader(m.net, token));
  const own = ids.map((token) => reader(m.net, token));
  const rms = targets.map((_, t) => rootMeanSquare(stream.subarray(t * D, (t + 1) * D), epsilon));
  const heads: HeadFacts[] = [];
  const byPlace: number[][] = [];
  for (let i = 0; i < L * H; i += 1) {
    signal?.throwIfAborted();
    const [l, h] = [Math.floor(i / H), i % H];
    const result = site(tensors, `blocks.${l}.attn.result`);
    const pattern = site(tensors, `blocks.${l}.attn.pattern`);
    const middle = new Float64Array(D);
    for (let t = 0; t < T; t += 1) for (let j = 0; j < D; j += 1) middle[j]! += result[(t * H + h) * D + j]! / T;
    const written = targets.map((_, t) => Float64Array.from({ length: D }, (_x, j) => result[(t * H + h) * D + j]! - middle[j]!));
    const direct = written.map((w, t) => dot(w, right[t]!) / rms[t]!);
    const looked = targets.flatMap((_, t) => {
      if (t < 1) return [];
      let best = 1;
      for (let s = 2; s <= t; s += 1) if (pattern[(h * T + t) * T + s]! > pattern[(h * T + t) * T + best]!) best = s;
      return [dot(written[t]!, own[best]!) / rms[t]!];
    });
    let [total, loss] = [NaN, NaN];
    if (!wanted || wanted.includes(i)) {
      const gone = await engine.run(m.id, { tokens: [ids], capture: ['logits'], ablate: { heads: [{ layer: l, head: h }], how: 'mean' } });
      const after = judged(site(gone.tensors, 'logits'), V, targets);
      total = mean(whole.logit.map((x, t) => x - after.logit[t]!));
      loss = mean(whole.loss.map((x, t) => after.loss[t]! - x));
    }
    heads.push({ direct: mean(direct), total, loss, looked: mean(looked) });
    byPlace.push(direct);
  }
  return { loss: mean(whole.loss), heads, byPlace };
}

export async function ask(engine: RemoteEngine, m: RuSmall, text: string, signal?: AbortSignal): Promise<Figure> {
  const ids = m.tokenizer.encode(text).ids.slice(0, MAX_TOKENS);
  return { text, tokens: namesOf(m, ids), layers: m.net.layers, headCount: m.net.heads, ...(await measure(engine, m, ids, undefined, signal)) };
}

/**
 * How much of W_QK (gain of the norm folded in) is symmetric: ‖(M + Mᵀ)/2‖² / ‖M‖². One half: «i asks for j» says nothing of
 * «j asks for i»; one: the same; zero: the opposite.
 */
export function symmetry(net: Net, layer: number, head: number): number {
  const { width: D, heads: H, head: d, blocks } = net;
  const { q, k, ln1 } = blocks[layer]!;
  const W = H * d;
  const gram = (a: Float32Array, b: Float32Array): Float64Array => {
    const out = new Float64Array(d * d);
    for (let x = 0; x < D; x += 1) {
      const g = ln1[x]! ** 2;
      for (let i = 0; i < d; i += 1) for (let j = 0; j < d; j += 1) out[i * d + j]! += g * a[x * W + head * d + i]! * b[x * W + head * d + j]!;
    }
    return out;
  };
  const [qq, kk, kq] = [gram(q, q), gram(k, k), gram(k, q)];
  let [size, twice] = [0, 0]; // tr(QᵀQ KᵀK) = ‖M‖², tr((KᵀQ)²) = tr(M²)
  for (let i = 0; i < d; i += 1) for (let j = 0; j < d; j += 1) {
    size += qq[i * d + j]! * kk[j * d + i]!;
    twice += kq[i * d + j]! * kq[j * d + i]!;
  }
  return (1 + twice / size) / 2;
}
