// Which half of a block holds a token: every sublayer of ru-small is made to say its average instead of its own, and every next
// token is predicted again. Beside it, what the sublayer writes into that token's logit directly.
import type { RemoteEngine, TensorData } from '../../../../wasm/client/types.ts';
import { fit } from '../microscope/model.ts';
import { dot, rootMeanSquare, type Net } from '../ru-small/net.ts';
import type { RuSmall } from '../ru-small/open.ts';
import { SENTENCES } from '../who-moved/sentences.ts';

export const TEXT = 'Поручик Рыбников молчал. Рыбников пил чай, и вдруг Рыбников';

export type Half = 'attn' | 'ffn';
export interface Sublayer { layer: number; half: Half }
/** In the order in which they write: attention of layer 0, its FFN, attention of layer 1 … */
export const sublayers = (layers: number): Sublayer[] => Array.from({ length: 2 * layers }, (_, i) => ({ layer: i >> 1, half: i % 2 === 0 ? 'attn' : 'ffn' }));
export const hook = ({ layer, half }: Sublayer): string => `blocks.${layer}.${half === 'attn' ? 'attn_out' : 'mlp_out'}`;
export const short = ({ layer, half }: Sublayer): string => `${half === 'attn' ? 'В' : 'П'}${layer}`;

/** What a silenced sublayer says instead: its average; nothing; or what it would say of this token alone, with no text before it. */
export type How = 'mean' | 'zero' | 'alone';
/** What a sublayer says on average, away from place 0: [2L][D]. */
export type Means = Float32Array[];

const rows = (t: TensorData, width: number): number => t.data.length / width;

export async function means(engine: RemoteEngine, m: RuSmall, texts: readonly string[] = SENTENCES): Promise<Means> {
  const { layers, width } = m.net;
  const all = sublayers(layers);
  const sums = all.map(() => new Float64Array(width));
  let count = 0;
  for (const text of texts) {
    const { tensors } = await engine.run(m.id, { tokens: [m.tokenizer.encode(text).ids], capture: all.map(hook) });
    const places = rows(tensors[hook(all[0]!)]!, width);
    count += places - 1;
    all.forEach((s, k) => {
      const { data } = tensors[hook(s)]!;
      for (let t = 1; t < places; t += 1) for (let i = 0; i < width; i += 1) sums[k]![i]! += data[t * width + i]!;
    });
  }
  return sums.map((sum) => Float32Array.from(sum, (x) => x / count));
}

/** The sublayer's output with every place but the first taken from `put` (null: zero); place 0 sees only itself and is where idle heads look. */
export function silenced(own: TensorData, put: ((place: number, i: number) => number) | null, width: number): TensorData {
  const data = own.data.slice();
  for (let t = 1; t < rows(own, width); t += 1) for (let i = 0; i < width; i += 1) data[t * width + i] = put ? put(t, i) : 0;
  return { shape: own.shape, data };
}

export interface Measured {
  ids: number[];
  /** −log p of each next token, nats: [T − 1]; and by the last token alone. */
  loss: Float32Array;
  alone: Float32Array;
  /** Rise of it without each sublayer: [2L][T − 1]. */
  cost: Float32Array[];
  /** What each writes into the next token's logit, less the mean of all logits: [2L][T − 1]; the embedding's part apart. */
  direct: Float64Array[];
  embed: Float64Array;
}

/** E_y − mean E, with the final gain: what a stream is multiplied by to give a centred logit. */
export function readers(net: Net): (token: number) => Float64Array {
  const middle = new Float64Array(net.width);
  for (let v = 0; v < net.vocab; v += 1) for (let i = 0; i < net.width; i += 1) middle[i]! += net.embed[v * net.width + i]! / net.vocab;
  return (token) => Float64Array.from(middle, (x, i) => net.last[i]! * (net.embed[token * net.width + i]! - x));
}

interface Alone { loss: Float32Array; says: TensorData[] }
/** Every token with nothing but the separator before it: the loss of what follows, and what each sublayer says, [T − 1, 3, D], row 1. */
async function alone(engine: RemoteEngine, m: RuSmall, ids: readonly number[]): Promise<Alone> {
  const names = sublayers(m.net.layers).map(hook);
  // The last token has no successor here: anything may stand in its place, nothing sees it.
  const tokens = ids.slice(1).map((id, i) => [ids[0]!, id, ids[i + 2] ?? ids[0]!]);
  const { losses, tensors } = await engine.run(m.id, { tokens, capture: names });
  const loss = Float32Array.from(ids.slice(1), (_, t) => (t === 0 ? losses.data[0]! : losses.data[2 * (t - 1) + 1]!));
  return { loss, says: names.map((n) => tensors[n]!) };
}

export async function measure(engine: RemoteEngine, m: RuSmall, ids: number[], average: Means, how: How = 'mean', pause: () => Promise<void> = async () => {}): Promise<Measured> {
  const { net } = m;
  const [D, all] = [net.width, sublayers(net.layers)];
  const last = `blocks.${net.layers - 1}.resid_post`;
  const clean = await engine.run(m.id, { tokens: [ids], capture: ['blocks.0.resid_pre', last, ...all.map(hook)] });
  const places = ids.length - 1;
  const loss = clean.losses.data;
  const cost: Float32Array[] = [];
  const single = await alone(engine, m, ids);
  for (const [k, s] of all.entries()) {
    await pause();
    const put = how === 'zero' ? null : how === 'mean' ? (_: number, i: number) => average[k]![i]! : (t: number, i: number) => single.says[k]!.data[((t - 1) * 3 + 1) * D + i]!;
    const { losses } = await engine.run(m.id, { tokens: [ids], capture: [], replace: [{ name: hook(s), value: silenced(clean.tensors[hook(s)]!, put, D) }] });
    cost.push(losses.data.map((x, t) => x - loss[t]!));
  }
  const reader = readers(net);
  const direct = all.map(() => new Float64Array(places));
  const embed = new Float64Array(places);
  for (let t = 0; t < places; t += 1) {
    const w = reader(ids[t + 1]!);
    const rms = rootMeanSquare(clean.tensors[last]!.data.subarray(t * D, (t + 1) * D), net.epsilon);
    all.forEach((s, k) => { direct[k]![t] = dot(clean.tensors[hook(s)]!.data, w, D, t * D) / rms; });
    embed[t] = dot(clean.tensors['blocks.0.resid_pre']!.data, w, D, t * D) / rms;
  }
  return { ids, loss, alone: single.loss, cost, direct, embed };
}

/** What a token needed: the one before it was enough; the rest of the text mattered; neither clearly. */
export type Need = 'local' | 'context' | 'rest';
export const LOCAL = 1;
export const GAIN = 2;
export const need = (alone: number, loss: number): Need => (alone - loss >= GAIN ? 'context' : alone <= LOCAL ? 'local' : 'rest');

export interface Figure {
  text: string;
  tokens: string[];
  loss: number[];
  alone: number[];
  cost: number[][];
  direct: number[][];
  embed: number[];
}

let kept: { id: number; average: Promise<Means> } | undefined;
export async function ask(engine: RemoteEngine, m: RuSmall, text: string, how: How, pause?: () => Promise<void>): Promise<Figure> {
  if (kept?.id !== m.id) kept = { id: m.id, average: means(engine, m) };
  const { ids, tokens } = fit(m, text);
  const f = await measure(engine, m, ids, await kept.average, how, pause);
  const list = (x: ArrayLike<number>): number[] => Array.from(x);
  return { text, tokens, loss: list(f.loss), alone: list(f.alone), cost: f.cost.map(list), direct: f.direct.map(list), embed: list(f.embed) };
}

/** Sums of a half over layers at one place. */
export const ofHalf = (parts: readonly ArrayLike<number>[], half: Half, t: number): number => parts.reduce((sum, p, k) => sum + ((k % 2 === 0) === (half === 'attn') ? p[t]! : 0), 0);

export const NEEDS: Record<Need, string> = { local: 'хватало предыдущего токена', context: 'решил контекст', rest: 'ни то ни другое' };
