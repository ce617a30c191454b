// How far back ru-small hears: the loss of a text read through a window of the last W tokens, with the start token kept in
// sight and without it.
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import type { RuSmall } from '../ru-small/open.ts';
import { seen } from '../sink/model.ts';

export const WINDOWS = [2, 4, 8, 16, 32, 64, 96] as const;
export const MAX_TOKENS = 200;
/** Targets are counted from here on, where the largest window still hides something. */
export const FROM = 100;

export interface Figure {
  tokens: number;
  /** Mean loss of the counted targets when everything is seen. */
  loss: number;
  /** Rise of it, by window: ⊢ stays in sight; nothing else does; the first word stays instead of ⊢. */
  kept: number[];
  lost: number[];
  word: number[];
}
const mean = (x: ArrayLike<number>, from: number): number => Array.from(x).slice(from).reduce((a, b) => a + b, 0) / (x.length - from);

export async function ask(engine: RemoteEngine, m: RuSmall, text: string): Promise<Figure> {
  const tokens = m.tokenizer.encode(text).ids.slice(0, MAX_TOKENS);
  const T = tokens.length;
  if (T < FROM + 20) throw new Error(`Нужен текст длиннее: здесь ${T} токенов, а надо хотя бы ${FROM + 20}`);
  const n = WINDOWS.length;
  const marks = seen(1 + 3 * n, T, (k, i, j) => {
    if (k === 0) return false;
    const [kind, w] = [Math.floor((k - 1) / n), WINDOWS[(k - 1) % n]!];
    return i - j >= w && !(kind === 0 && j === 0) && !(kind === 2 && j === 1);
  });
  const { data } = await engine.blind(m.id, { tokens, seen: marks, how: 'evict' });
  const row = (k: number): number => mean(data.subarray(k * (T - 1), (k + 1) * (T - 1)), FROM);
  const loss = row(0);
  const rises = (kind: number): number[] => WINDOWS.map((_, i) => row(1 + kind * n + i) - loss);
  return { tokens: T, loss, kept: rises(0), lost: rises(1), word: rises(2) };
}

/** A window in every layer hands on what stood before it, layer by layer; a text that is cut off does not. */
export const CUTS = [16, 32, 64] as const;
const AT_ONCE = 25;
/** Rise of the loss of the same targets when ⊢ and the last `keep` tokens are all there is: [CUTS]. */
export async function cut(engine: RemoteEngine, m: RuSmall, text: string): Promise<number[]> {
  const tokens = m.tokenizer.encode(text).ids.slice(0, MAX_TOKENS);
  const places = Array.from({ length: tokens.length - 1 - FROM }, (_, i) => FROM + i);
  const whole = mean((await engine.run(m.id, { tokens: [tokens], capture: [] })).losses.data, FROM);
  const rises: number[] = [];
  for (const keep of CUTS) {
    let sum = 0;
    for (let i = 0; i < places.length; i += AT_ONCE) {
      const ends = places.slice(i, i + AT_ONCE).map((t) => [tokens[0]!, ...tokens.slice(t - keep + 1, t + 2)]); // the last is the target
      const { data } = (await engine.run(m.id, { tokens: ends, capture: [] })).losses; // [places, keep + 1]
      ends.forEach((_, k) => (sum += data[k * (keep + 1) + keep]!));
    }
    rises.push(sum / places.length - whole);
  }
  return rises;
}
