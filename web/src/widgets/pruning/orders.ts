// In which order to take heads out, and what is left after each. Every rule sees the calibration rows only; the
// curve is measured on others.
import type { Exam, HeadRef, RemoteEngine } from '../../../../wasm/client/types.ts';
import { COUNT, HEADS } from './subject.ts';

export { median, ranks, spearman } from '../../lib/statistics.ts';

export const ORDERS = ['greedy', 'exact', 'regrad', 'example', 'token', 'norm', 'random'] as const;
export type Order = (typeof ORDERS)[number];

export const headAt = (i: number): HeadRef => ({ layer: Math.floor(i / HEADS), head: i % HEADS });
export const indexOf = ({ layer, head }: HeadRef): number => layer * HEADS + head;
export const nameOf = (i: number): string => `${Math.floor(i / HEADS)}.${i % HEADS}`;

/** Positions from the smallest value to the largest, ties from the first on. */
export const ascending = (values: ArrayLike<number>): number[] =>
  Array.from({ length: values.length }, (_, i) => i).sort((a, b) => values[a]! - values[b]! || a - b);

/** One head after another, each time the cheapest of those left by what `measure` says then. */
async function oneByOne(measure: (gone: HeadRef[]) => Promise<ArrayLike<number>>, signal?: AbortSignal): Promise<HeadRef[]> {
  const gone: number[] = [];
  while (gone.length < COUNT) {
    signal?.throwIfAborted();
    const cost = await measure(gone.map(headAt));
    const next = ascending(cost).find((i) => !gone.includes(i));
    gone.push(next!);
  }
  return gone.map(headAt);
}

/** The order a rule proposes; null for «random», which the core draws. */
export async function propose(engine: RemoteEngine, id: number, order: Order, on: Exam, signal?: AbortSignal): Promise<HeadRef[] | null> {
  const once = async (part: 'zero' | 'example' | 'token'): Promise<HeadRef[]> => {
    const found = await engine.headImportance(id, { ...on, gradient: part !== 'zero', zero: part === 'zero' });
    return ascending(found[part]!.data).map(headAt);
  };
  switch (order) {
    case 'greedy': return oneByOne(async (gone) => (await engine.headImportance(id, { ...on, gone, gradient: false, zero: true })).zero!.data, signal);
    case 'regrad': return oneByOne(async (gone) => (await engine.headImportance(id, { ...on, gone, gradient: true, zero: false })).example!.data, signal);
    case 'exact': return once('zero');
    case 'example': return once('example');
    case 'token': return once('token');
    case 'norm': {
      const { asked, other } = await engine.headImportance(id, { ...on, gradient: false, zero: false, writes: true });
      return ascending(Array.from(asked!.data, (x, i) => x + other!.data[i]!)).map(headAt);
    }
    case 'random': return null;
  }
}

export interface Curve { order: number[]; loss: number[]; accuracy: number[] }
export async function curve(engine: RemoteEngine, id: number, order: Order, on: { choose: Exam; judge: Exam; draw: number }, signal?: AbortSignal): Promise<Curve> {
  const heads = await propose(engine, id, order, on.choose, signal);
  signal?.throwIfAborted();
  const found = await engine.removalCurve(id, heads ? { ...on.judge, order: heads } : { ...on.judge, draw: on.draw });
  return { order: found.order.map(indexOf), loss: [...found.loss], accuracy: [...found.accuracy] };
}

/** How many heads are gone while accuracy stays within `drop` of the whole model's. */
export function reach(accuracy: readonly number[], drop: number): number {
  const first = accuracy.findIndex((a) => a < accuracy[0]! - drop);
  return first < 0 ? accuracy.length - 1 : first - 1;
}
export const short = (x: number, digits = 3): number => Number(x.toPrecision(digits));
