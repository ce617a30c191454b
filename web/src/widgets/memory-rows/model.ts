// The FFN of ru-small as a memory: row r answers to a pattern with a coefficient m_r and writes m_r · v_r. Here: the rows that write
// most at a place, what their vectors promote, and how much of the text before a place a row needs to answer.
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { fit, order } from '../microscope/model.ts';
import { label } from '../ru-small/tokenizer.ts';
import type { Net } from '../ru-small/net.ts';
import type { RuSmall } from '../ru-small/open.ts';
import { readers } from '../two-hands/model.ts';

export const TEXT = 'Он открыл дверь, вышел на крыльцо и посмотрел на небо';
/** How many of the last tokens are left; 0: all. */
export const TAILS = [1, 2, 4, 8, 16, 0] as const;
export const ROWS = 6;
export const WORDS = 5;

export interface Row {
  index: number;
  /** m_r here, and at every place of the text. */
  m: number;
  all: number[];
  /** |m_r|·‖v_r‖ as a share of the sum over rows of the layer. */
  share: number;
  /** What m_r·v_r raises most, and what it lowers most. */
  raises: string[];
  lowers: string[];
  /** m_r here when only the last 1, 2, 4, 8, 16 tokens are left; shorter than TAILS where the text is. */
  tails: { keep: number; m: number }[];
}
export interface Figure {
  text: string;
  tokens: string[];
  layer: number;
  at: number;
  rows: Row[];
  /** Rows that make up half of Σ|m_r|·‖v_r‖. */
  half: number;
  /** What the layer as a whole raises. */
  layerRaises: string[];
  next: string[];
}

export const vector = (net: Net, layer: number, row: number): Float32Array => net.blocks[layer]!.down.subarray(row * net.width, (row + 1) * net.width);
export const length = (x: ArrayLike<number>): number => Math.sqrt(Array.from(x).reduce((s, v) => s + v * v, 0));

/** What a written vector does to every logit, up to the common scale of the final norm and less the mean: [V]. */
export function push(net: Net, written: ArrayLike<number>, middle = reader0(net)): Float64Array {
  const D = net.width;
  const g = Float64Array.from(net.last, (x, i) => x * (written[i] as number));
  const out = new Float64Array(net.vocab);
  let base = 0;
  for (let i = 0; i < D; i += 1) base += g[i]! * middle[i]!;
  for (let v = 0; v < net.vocab; v += 1) {
    let sum = -base;
    for (let i = 0; i < D; i += 1) sum += g[i]! * net.embed[v * D + i]!;
    out[v] = sum;
  }
  return out;
}
const middles = new WeakMap<Net, Float64Array>();
/** The mean row of the embedding. */
function reader0(net: Net): Float64Array {
  let found = middles.get(net);
  if (!found) {
    found = new Float64Array(net.width);
    for (let v = 0; v < net.vocab; v += 1) for (let i = 0; i < net.width; i += 1) found[i]! += net.embed[v * net.width + i]! / net.vocab;
    middles.set(net, found);
  }
  return found;
}
export { readers };

/** Tokens by how much they are raised, the most first; not the separator, not bytes, which no reader can read. */
export const BYTE = /^<0x/;
export const ends = (m: RuSmall, pushes: Float64Array, count: number): { raises: string[]; lowers: string[] } => {
  const best = order(pushes).filter((v) => v !== 0 && !BYTE.test(m.tokenizer.name(v)));
  const name = (v: number): string => label(m.tokenizer.name(v));
  return { raises: best.slice(0, count).map(name), lowers: best.slice(-count).reverse().map(name) };
};

const post = (layer: number): string => `blocks.${layer}.mlp.post`;

/** m_r of one place with only the last `keep` tokens before and at it, for each of `keeps` shorter than the text. */
export async function tails(engine: RemoteEngine, m: RuSmall, ids: readonly number[], at: number, layer: number, keeps: readonly number[]): Promise<{ keep: number; m: Float32Array }[]> {
  const M = m.net.inner;
  const out = [];
  for (const keep of keeps) {
    if (keep === 0 || keep >= at) continue;
    const cut = [ids[0]!, ...ids.slice(at - keep + 1, at + 1)];
    const { data } = (await engine.run(m.id, { tokens: [cut], capture: [post(layer)] })).tensors[post(layer)]!;
    out.push({ keep, m: data.slice(keep * M, (keep + 1) * M) });
  }
  return out;
}

export async function ask(engine: RemoteEngine, m: RuSmall, asked: { text: string; layer: number; at: number; row: number }): Promise<Figure> {
  const { net } = m;
  const { ids, tokens } = fit(m, asked.text);
  const layer = Math.min(asked.layer, net.layers - 1);
  const at = asked.at > 0 && asked.at < ids.length ? asked.at : ids.length - 1;
  const out = `blocks.${layer}.mlp_out`;
  const { tensors } = await engine.run(m.id, { tokens: [ids], capture: [post(layer), out, 'logits'] });
  const M = net.inner;
  const data = tensors[post(layer)]!.data;
  const sizes = Float64Array.from({ length: M }, (_, r) => Math.abs(data[at * M + r]!) * length(vector(net, layer, r)));
  const total = sizes.reduce((a, b) => a + b, 0);
  const ranked = order(sizes);
  let [half, sum] = [0, 0];
  while (sum < total / 2) sum += sizes[ranked[half++]!]!;
  const chosen = ranked.slice(0, ROWS);
  if (asked.row >= 0 && asked.row < M && !chosen.includes(asked.row)) chosen.push(asked.row);
  const cut = await tails(engine, m, ids, at, layer, TAILS);
  const rows = chosen.map((index): Row => {
    const value = data[at * M + index]!;
    const sign = Math.sign(value) || 1;
    return {
      index, m: value, all: ids.map((_, t) => data[t * M + index]!), share: sizes[index]! / total,
      ...ends(m, push(net, vector(net, layer, index)).map((x) => sign * x), WORDS),
      tails: [...cut.map((c) => ({ keep: c.keep, m: c.m[index]! })), { keep: at, m: value }],
    };
  });
  const V = net.vocab;
  return {
    text: asked.text, tokens, layer, at, rows, half,
    layerRaises: ends(m, push(net, tensors[out]!.data.subarray(at * net.width, (at + 1) * net.width)), WORDS).raises,
    next: order(tensors.logits!.data.subarray(at * V, (at + 1) * V)).slice(0, WORDS).map((v) => label(m.tokenizer.name(v))),
  };
}
