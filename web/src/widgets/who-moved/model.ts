// Which head, reading which place, moved the choice between two candidates: read off directly, then tested by taking the arrow out.
import type { RemoteEngine, TensorData } from '../../../../wasm/client/types.ts';
import { fit, order, type Candidate } from '../microscope/model.ts';
import { median, spearman } from '../../lib/statistics.ts';
import { dot, rootMeanSquare, softmax, type Net } from '../ru-small/net.ts';
import type { RuSmall } from '../ru-small/open.ts';
import { label, type Encoded } from '../ru-small/tokenizer.ts';

export const TEXT = 'Старик взял шапку, надел её на голову и вышел из';
export const CANDIDATES = 6;

export { median, spearman } from '../../lib/statistics.ts';

type Numbers = ArrayLike<number>;
/** a, b: places of the two tokens among the candidates. */
export interface Inputs { text: string; a: number; b: number; layer: number; head: number }

export interface Base {
  encoded: Encoded;
  a: number;
  b: number;
  next: Candidate[];
  /** ℓ_a − ℓ_b as the model has it. */
  total: number;
  /** Parts of it: the embedding, each block, each head; and what they add up to. */
  embed: number;
  ffn: number[];
  heads: number[]; // [L·H]
  sum: number;
  /** [L·H, T] of the last place: weight, and what the arrow writes along u_a − u_b. */
  weight: Float64Array;
  direct: Float64Array;
  /** Largest |Σ_s arrows − head| where the head's part was computed by the core on its own. */
  gap: number;
  /** Per layer, as the core has them before softmax: [1, H, T, T]. */
  scores: TensorData[];
}
export interface Figure extends Omit<Base, 'encoded' | 'scores' | 'weight' | 'direct'> {
  text: string;
  tokens: string[];
  layers: number;
  headCount: number;
  weight: Numbers;
  direct: Numbers;
  /** Change of ℓ_a − ℓ_b that the arrow makes, NaN where it was not taken out. */
  effect: (number | null)[];
  layer: number;
  head: number;
}

const tensor = (tensors: Record<string, TensorData>, name: string): TensorData => {
  const found = tensors[name];
  if (!found) throw new Error(`the engine sent no ${name}`);
  return found;
};
const scoresAt = (l: number): string => `blocks.${l}.attn.attn_scores`;

/** W_O^h (g ∘ (u_a − u_b)) / rms: what one unit of a head's value adds to the difference of logits. [L·H][d] */
export function readers(net: Net, stream: Numbers, a: number, b: number): Float64Array[] {
  const { width: D, head: d } = net;
  const rms = rootMeanSquare(stream, net.epsilon);
  const u = Float64Array.from({ length: D }, (_, i) => ((net.last[i] as number) * ((net.embed[a * D + i] as number) - (net.embed[b * D + i] as number))) / rms);
  return net.blocks.flatMap(({ o }) => Array.from({ length: net.heads }, (_, h) => Float64Array.from({ length: d }, (_, c) => dot(u, o, D, 0, (h * d + c) * D))));
}

export async function base(engine: RemoteEngine, m: RuSmall, text: string, [ai, bi]: readonly [number, number]): Promise<Base> {
  const { net } = m;
  const { layers: L, heads: H, head: d, width: D, vocab: V } = net;
  const encoded = fit(m, text);
  const T = encoded.ids.length;
  const t = T - 1;
  const capture = [...net.blocks.flatMap((_, l) => [`blocks.${l}.attn.pattern`, `blocks.${l}.attn.v`, scoresAt(l)]), `blocks.${L - 1}.resid_post`, 'logits'];
  const { tensors } = await engine.run(m.id, { tokens: [encoded.ids], capture });
  const logits = tensor(tensors, 'logits').data.subarray(t * V, (t + 1) * V);
  const p = softmax(logits);
  const best = order(logits).slice(0, CANDIDATES);
  const [a, b] = [best[ai]!, best[bi]!];
  const [forA, forB] = [await engine.attribution(m.id, encoded.ids, t, a), await engine.attribution(m.id, encoded.ids, t, b)];
  const part = (name: string): number => (forA.parts.find((x) => x.component === name)?.logit ?? 0) - (forB.parts.find((x) => x.component === name)?.logit ?? 0);
  const heads = Array.from({ length: L * H }, (_, i) => part(`L${Math.floor(i / H)}H${i % H}`));

  const u = readers(net, tensor(tensors, `blocks.${L - 1}.resid_post`).data.subarray(t * D, (t + 1) * D), a, b);
  const [weight, direct] = [new Float64Array(L * H * T), new Float64Array(L * H * T)];
  for (let i = 0; i < L * H; i += 1) {
    const [l, h] = [Math.floor(i / H), i % H];
    const [pattern, v] = [tensor(tensors, `blocks.${l}.attn.pattern`).data, tensor(tensors, `blocks.${l}.attn.v`).data];
    for (let s = 0; s < T; s += 1) {
      weight[i * T + s] = pattern[(h * T + t) * T + s]!;
      direct[i * T + s] = weight[i * T + s]! * dot(u[i]!, v, d, 0, (s * H + h) * d);
    }
  }
  const gap = Math.max(...heads.map((x, i) => Math.abs(x - direct.subarray(i * T, (i + 1) * T).reduce((x1, y) => x1 + y, 0))));
  return {
    encoded, a, b, total: logits[a]! - logits[b]!, embed: part('embed'), ffn: Array.from({ length: L }, (_, l) => part(`mlp${l}`)), heads,
    sum: forA.total - forB.total, weight, direct, gap,
    next: best.map((id) => ({ token: label(m.tokenizer.name(id)), id, logit: logits[id]!, p: p[id]! })),
    scores: net.blocks.map((_, l) => tensor(tensors, scoresAt(l))),
  };
}

/** Takes one arrow out — its score becomes −∞, the row is normalised again — and says how much ℓ_a − ℓ_b owed to it. */
export async function knockOut(engine: RemoteEngine, m: RuSmall, found: Pick<Base, 'encoded' | 'a' | 'b' | 'total' | 'scores'>, layer: number, head: number, source: number): Promise<number> {
  const { shape, data } = found.scores[layer]!;
  const T = found.encoded.ids.length;
  const cut = data.slice();
  cut[(head * T + T - 1) * T + source] = -Infinity;
  const { tensors } = await engine.run(m.id, { tokens: [found.encoded.ids], capture: ['logits'], replace: [{ name: scoresAt(layer), value: { shape, data: cut } }] });
  const logits = tensor(tensors, 'logits').data.subarray((T - 1) * m.net.vocab);
  return found.total - (logits[found.a]! - logits[found.b]!);
}

/** All arrows into the last place, or those of the listed heads. */
export async function knockOutAll(engine: RemoteEngine, m: RuSmall, found: Base, heads?: readonly number[], progress: (done: number, of: number) => boolean = () => true): Promise<(number | null)[]> {
  const T = found.encoded.ids.length;
  const H = m.net.heads;
  const out = new Array<number | null>(found.weight.length).fill(null);
  const asked = heads ?? found.heads.map((_, i) => i);
  let done = 0;
  for (const i of asked)
    for (let s = 0; s < T; s += 1) {
      out[i * T + s] = await knockOut(engine, m, found, Math.floor(i / H), i % H, s);
      if (!progress((done += 1), asked.length * T)) return out;
    }
  return out;
}

export const figure = (m: RuSmall, text: string, { encoded, weight, direct, scores, ...rest }: Base, layer: number, head: number, effect: (number | null)[]): Figure => {
  void scores;
  return { ...rest, text, tokens: encoded.tokens, layers: m.net.layers, headCount: m.net.heads, weight, direct, effect, layer, head };
};

export async function ask(engine: RemoteEngine, m: RuSmall, { text, a, b, layer, head }: Inputs): Promise<Figure> {
  const found = await base(engine, m, text, [a, b]);
  return figure(m, text, found, layer, head, await knockOutAll(engine, m, found, [layer * m.net.heads + head]));
}

export interface Point { weight: number; direct: number; effect: number; source: number; layer: number; head: number }
/** Arrows that were taken out. */
export function points(f: Pick<Figure, 'tokens' | 'headCount' | 'weight' | 'direct' | 'effect'>): Point[] {
  const T = f.tokens.length;
  return f.effect.flatMap((effect, i) => {
    const of = Math.floor(i / T);
    return effect === null ? [] : [{ weight: f.weight[i] as number, direct: f.direct[i] as number, effect, source: i % T, layer: Math.floor(of / f.headCount), head: of % f.headCount }];
  });
}

/** The heaviest arrows: this share of all that were taken out. */
export const HEAVY = 0.05;
export interface Summary { count: number; byWeight: number; byDirect: number; heavy: number; threshold: number; idle: number; sink: number }
/** Does weight foretell effect? And how many of the heaviest arrows do less than the median arrow does? */
export function summary(p: readonly Point[]): Summary {
  const size = (x: Point): number => Math.abs(x.effect);
  const middle = median(p.map(size));
  const heavy = [...p].sort((a, b) => b.weight - a.weight).slice(0, Math.max(1, Math.round(HEAVY * p.length)));
  return {
    count: p.length, byWeight: spearman(p.map((x) => x.weight), p.map(size)), byDirect: spearman(p.map((x) => Math.abs(x.direct)), p.map(size)),
    heavy: heavy.length, threshold: heavy[heavy.length - 1]?.weight ?? NaN, idle: heavy.filter((x) => size(x) < middle).length, sink: heavy.filter((x) => x.source === 0).length,
  };
}
