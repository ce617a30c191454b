// Heads gathered into a tree by where they look, and what the tree foretells: how dear it is to look with another head's map.
import type { HeadSimilarity } from '../../../../wasm/client/types.ts';
import { median, spearman } from '../../lib/statistics.ts';
import type { Packed } from '../specimen/packed.ts';
import { unpack } from '../specimen/packed.ts';

export type Merge = readonly [number, number, number, number];
/** [n · n], row-major. */
export type Square = ArrayLike<number>;

/** Leaves from left to right: the two sides of every merge stay together. */
export function leafOrder(merges: readonly Merge[]): number[] {
  const n = merges.length + 1;
  const members: number[][] = Array.from({ length: n }, (_, i) => [i]);
  for (const [a, b] of merges) members.push([...members[a]!, ...members[b]!]);
  return members.at(-1)!;
}

/** Cluster of each item when `count` are left, numbered in the order of the leaves. */
export function cut(merges: readonly Merge[], count: number): number[] {
  const n = merges.length + 1;
  const parent = Array.from({ length: 2 * n - 1 }, (_, i) => i);
  const root = (i: number): number => (parent[i] === i ? i : root(parent[i]!));
  merges.slice(0, n - count).forEach(([a, b], k) => { parent[a] = n + k; parent[b] = n + k; });
  const names = new Map<number, number>();
  for (const leaf of leafOrder(merges)) if (!names.has(root(leaf))) names.set(root(leaf), names.size);
  return Array.from({ length: n }, (_, i) => names.get(root(i))!);
}

export const sizes = (clusters: readonly number[]): number[] => clusters.reduce<number[]>((out, c) => { out[c] = (out[c] ?? 0) + 1; return out; }, []);

/** Where a merge's bracket stands: x in leaves, y its distance. */
export interface Bracket { left: number; right: number; leftFrom: number; rightFrom: number; height: number }
export function brackets(merges: readonly Merge[]): Bracket[] {
  const n = merges.length + 1;
  const at = new Array<number>(2 * n - 1).fill(0);
  const from = new Array<number>(2 * n - 1).fill(0);
  leafOrder(merges).forEach((leaf, i) => { at[leaf] = i; });
  return merges.map(([a, b, height], k) => {
    const [left, right] = at[a]! <= at[b]! ? [a, b] : [b, a];
    at[n + k] = (at[a]! + at[b]!) / 2;
    from[n + k] = height;
    return { left: at[left]!, right: at[right]!, leftFrom: from[left]!, rightFrom: from[right]!, height };
  });
}

const pairs = (n: number): [number, number][] => Array.from({ length: n * n }, (_, i): [number, number] => [Math.floor(i / n), i % n]).filter(([a, b]) => a !== b);

/** Median price of another head's map, from the same cluster and from others. */
export function foretold(clusters: readonly number[], price: Square): { within: number; across: number; count: number } {
  const n = clusters.length;
  const [same, other] = [[] as number[], [] as number[]];
  for (const [a, b] of pairs(n)) (clusters[a] === clusters[b] ? same : other).push(price[a * n + b]!);
  return { within: median(same), across: median(other), count: same.length / 2 };
}

/** How often the nearest head's map is cheaper than the middle one of all others', and how distance goes with price. */
export function nearest(distance: Square, price: Square, n: number): { wins: number; nearest: number; others: number; rho: number } {
  let wins = 0;
  const [near, rest] = [[] as number[], [] as number[]];
  for (let a = 0; a < n; a += 1) {
    const others = Array.from({ length: n }, (_, b) => b).filter((b) => b !== a);
    const mate = others.reduce((best, b) => (distance[a * n + b]! < distance[a * n + best]! ? b : best));
    const middle = median(others.filter((b) => b !== mate).map((b) => price[a * n + b]!));
    near.push(price[a * n + mate]!);
    rest.push(middle);
    wins += Number(price[a * n + mate]! < middle);
  }
  const all = pairs(n);
  return { wins, nearest: median(near), others: median(rest), rho: spearman(all.map(([a, b]) => distance[a * n + b]!), all.map(([a, b]) => price[a * n + b]!)) };
}
/** The same correlation within one head asked at a time: a head that nobody needs is cheap to replace by anything. */
export function perHead(distance: Square, price: Square, n: number): number[] {
  return Array.from({ length: n }, (_, a) => {
    const others = Array.from({ length: n }, (_, b) => b).filter((b) => b !== a);
    return spearman(others.map((b) => distance[a * n + b]!), others.map((b) => price[a * n + b]!));
  });
}

export const nameOf = (i: number, heads: number): string => `${Math.floor(i / heads)}.${i % heads}`;

export interface Figure { text: string; merges: Merge[]; distance: number[] }
export const toFigure = (text: string, s: HeadSimilarity): Figure => ({ text, merges: s.merges, distance: Array.from(s.distance.data) });

/** One set of sentences: prices on it, of clusters found on another. */
export interface SetRow { loss: number; wins: number; nearest: number; others: number; rho: number; rhoPerHead: number; within: number; across: number; zero: number }
export const CUT = 12;
export interface Recorded { commit: string; layers: number; heads: number; tokens: number; text: string; merges: Merge[]; distance: Packed; sets: SetRow[] }
export const stillOf = (r: Recorded): number[] => Array.from(unpack(r.distance));
