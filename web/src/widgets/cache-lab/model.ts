// Generation with a KV cache and without: the same logits at another price, and a mask put on by the wrong corner.
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { fit, order } from '../microscope/model.ts';
import type { Net } from '../ru-small/net.ts';
import type { RuSmall } from '../ru-small/open.ts';
import { Witness, type CacheMask } from '../ru-small/witness.ts';

export const TEXT = 'Старый дом стоял на берегу реки,';
export const COUNTS = [16, 32, 64] as const;

export interface Inputs { text: string; count: number; mask: CacheMask }
export interface Figure extends Inputs {
  prompt: string;
  /** Tokens of the prompt, separator and all. */
  given: number;
  /** What was written: by the cache of this figure, by the core's own cache, by the core without a cache. */
  cached: string;
  core: string;
  full: string;
  /** Largest |Δ logit| of each new place: with the cache against a full pass of the core over the same text. */
  gaps: number[];
  size: number;
  dims: Pick<Net, 'layers' | 'width' | 'heads' | 'head' | 'inner' | 'vocab'>;
}

type Dims = Figure['dims'];
/** Multiply-adds, twice, of one place that sees n keys: projections, FFN, scores and mix, and the unembedding if it predicts. */
export function cost({ layers: L, width: D, heads: H, head: d, inner: M, vocab: V }: Dims, n: number, predict = true): number {
  return L * (8 * D * H * d + 6 * D * M + 4 * n * H * d) + (predict ? 2 * D * V : 0);
}
/** The n-th token: with the cache one place, without it all n again. */
export function costs(dims: Dims, n: number): { cached: number; full: number } {
  let full = cost(dims, n);
  for (let t = 1; t < n; t += 1) full += cost(dims, t, false);
  return { cached: cost(dims, n), full };
}
/** Keys and values of one token, in bytes. */
export const cacheBytes = ({ layers, heads, head }: Dims, bytes = 4): number => 2 * layers * heads * head * bytes;

export async function ask(engine: RemoteEngine, m: RuSmall, { text, count, mask }: Inputs, pause: () => Promise<void> = async () => {}): Promise<Figure> {
  const { net, tokenizer } = m;
  const { ids } = fit(m, text);
  const given = ids.length;
  const witness = new Witness(net);
  let trace = witness.step(ids[0]!, { predict: given === 1 });
  for (let t = 1; t < given; t += 1) {
    await pause();
    trace = witness.step(ids[t]!, { predict: t === given - 1 }); // the prompt is read with the right mask in both cases
  }
  const written = [...ids];
  const logits = [trace.logits];
  while (written.length < given + count) {
    await pause();
    written.push(order(trace.logits)[0]!);
    trace = witness.step(written[written.length - 1]!, { mask });
    logits.push(trace.logits);
  }
  const { tensors } = await engine.run(m.id, { tokens: [written], capture: ['logits'] });
  const all = tensors.logits!.data;
  let size = 0;
  const gaps = logits.map((own, i) => {
    let gap = 0;
    own.forEach((x, v) => {
      const core = all[(given - 1 + i) * net.vocab + v]!;
      gap = Math.max(gap, Math.abs(x - core));
      size = Math.max(size, Math.abs(core));
    });
    return gap;
  });
  return {
    text, count, mask, prompt: tokenizer.decode(ids), given, cached: tokenizer.decode(written.slice(given)),
    core: tokenizer.decode((await engine.generate(m.id, ids, count, { temperature: 0 })).slice(given)),
    full: tokenizer.decode(await greedy(engine, m, ids, count)), gaps, size,
    dims: { layers: net.layers, width: net.width, heads: net.heads, head: net.head, inner: net.inner, vocab: net.vocab },
  };
}

/** Without a cache: the whole text again for every token. */
async function greedy(engine: RemoteEngine, m: RuSmall, ids: readonly number[], count: number): Promise<number[]> {
  const text = [...ids];
  for (let n = 0; n < count; n += 1) {
    const { tensors } = await engine.run(m.id, { tokens: [text], capture: ['logits'] });
    text.push(order(tensors.logits!.data.subarray((text.length - 1) * m.net.vocab))[0]!);
  }
  return text.slice(ids.length);
}
