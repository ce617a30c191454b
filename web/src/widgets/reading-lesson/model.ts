// A memory that learns the map of a stream while it reads it, and what it does when the map is another.
import type { RemoteEngine, StreamRequest } from '../../../../wasm/client/types';

export const KINDS = ['additive', 'decayed', 'delta', 'gated', 'window'] as const;
export type Kind = (typeof KINDS)[number];
export const NAMES: Record<Kind, string> = { additive: 'сумма', decayed: 'с забыванием', delta: 'дельта', gated: 'дельта с забыванием', window: 'softmax по окну' };
export const COLOURS: Record<Kind, string> = { additive: 'var(--v)', decayed: 'var(--ink-3)', delta: 'var(--accent)', gated: 'var(--o)', window: 'var(--q)' };
export const TOKENS = 256;
export const CHANGE = 128;
export const WIDTHS = [8, 16, 32] as const;

export interface Inputs { width: number; beta: number; noise: number; seed: number }
/** errors[kind]: mean of every four tokens, TOKENS / 4 numbers. */
export interface Figure extends Inputs { errors: number[][] }
const PER = 4;
export const places = Array.from({ length: TOKENS / PER }, (_, i) => i * PER + PER / 2);

export const request = (q: Inputs): StreamRequest => ({ width: q.width, tokens: TOKENS, change: CHANGE, beta: q.beta, noise: q.noise, seed: q.seed });
export async function ask(engine: Pick<RemoteEngine, 'onlineErrors'>, { width, beta, noise, seed }: Inputs): Promise<Figure> {
  const { data } = await engine.onlineErrors(request({ width, beta, noise, seed }));
  const errors = KINDS.map((_, k) => places.map((_, i) => {
    let sum = 0;
    for (let t = i * PER; t < (i + 1) * PER; t += 1) sum += data[k * TOKENS + t]!;
    return Number((sum / PER).toFixed(4));
  }));
  return { width, beta, noise, seed, errors };
}
/** Mean error over tokens [from, to). */
export const mean = (f: Figure, kind: Kind, from: number, to: number): number => {
  const part = f.errors[KINDS.indexOf(kind)]!.filter((_, i) => places[i]! >= from && places[i]! < to);
  return part.reduce((a, b) => a + b, 0) / part.length;
};
/** Tokens after the change until the error is below half of what it was there; null: never. */
export const recovery = (f: Figure, kind: Kind): number | null => {
  const row = f.errors[KINDS.indexOf(kind)]!;
  const first = CHANGE / PER;
  const found = row.findIndex((x, i) => i >= first && x < row[first]! / 2);
  return found < 0 ? null : places[found]! - CHANGE;
};
export interface Recorded { commit: string; figures: Figure[] }
