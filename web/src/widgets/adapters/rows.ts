// One run as bench/experiments/chapter11.cpp writes it down, and the recordings that two widgets keep of all of them.
import { mean } from '../../lib/statistics.ts';
import { pack, storytellers, TEXT, type Choice, type Matrices } from './model.ts';

export interface Row extends Choice {
  commit: string;
  section: string;
  baseSteps: number;
  rate: number;
  steps?: number;
  parameters: number;
  way: number[];
  kept: number[];
  base: number;
  tuned: number;
  weights: number[];
  divergence: number[];
  enough: number[];
  needed: number[];
  layerEnough: number[];
  layerNeeded: number[];
  before: number[][];
  after: number[][];
  /** Seed 1: lower triangles of all heads, 0 … 255. */
  mapsBefore?: number[][];
  mapsAfter?: number[][];
}

/** What is the same in five seeds. */
export interface Key { steps: number; goal: Choice['goal']; matrices: Matrices; layers: Choice['layers']; rank: number; baseSteps: number; rate: number }
export interface End extends Key { parameters: number; accuracy: number[]; kept: number[]; way?: number[]; keptWay?: number[]; maps?: string }
/** «Где или что»: the grid; and everything that was run, for the words of the chapter. */
export interface All { commit: string; ends: (End & Partial<ByLayer>)[] }
/** [seed][L]: what a layer's writes carry over, how far its maps went apart. */
export interface ByLayer { enough: number[][]; divergence: number[][] }
export interface Ends { commit: string; before: string; heads: [number, number]; ends: End[] }

export interface Told extends Key {
  base: number; tuned: number;
  /** Seed 1: ‖ΔW‖ / ‖W‖ of every head, by matrix, those that moved. */
  weights: Partial<Record<'q' | 'k' | 'v' | 'o', number[]>>;
  /** Seed 1, [L·H]; look: [L·H][5]. */
  divergence: number[]; enough: number[]; needed: number[]; look: number[][];
  /** Seed 1, [L]. */
  layerEnough: number[]; layerNeeded: number[];
  /** [seed]. */
  accuracy: number[];
}
/** «Что стало с головами». */
export interface Changes { commit: string; before: number[][]; told: Told[] }

const short = (x: number, digits = 3): number => Number(x.toFixed(digits));
const each = (xs: readonly number[], digits = 3): number[] => xs.map((x) => short(x, digits));
const keyOf = ({ goal, matrices, layers, rank, baseSteps, rate, steps }: Row): Key => ({ goal, matrices, layers, rank, baseSteps, rate, steps: steps ?? 400 });

function grouped(rows: readonly Row[]): Row[][] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = JSON.stringify(keyOf(row));
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].map((g) => g.sort((a, b) => a.seed - b.seed));
}

// A causal map of a text begins with the map of its beginning.
const prefix = (map: readonly number[]): number[] => map.slice(0, (TEXT.length * (TEXT.length + 1)) / 2).map((x) => x / 255);

function toEnd(rows: readonly Row[], heads: readonly number[]): End {
  const first = rows[0]!;
  const drawn = heads.length > 0;
  return {
    ...keyOf(first), parameters: first.parameters, accuracy: rows.map((r) => r.way.at(-1)!), kept: rows.map((r) => r.kept.at(-1)!),
    ...(drawn && { way: each(first.way, 2), keptWay: each(first.kept, 2), maps: pack(heads.map((h) => prefix(first.mapsAfter![h]!))) }),
  };
}

const layersOf = (xs: readonly number[]): number[] => [mean(xs.slice(0, xs.length / 2)), mean(xs.slice(xs.length / 2))];

const byMatrix = (w: readonly number[]): Told['weights'] =>
  Object.fromEntries((['q', 'k', 'v', 'o'] as const).map((name, m) => [name, each(w.filter((_, i) => i % 4 === m), 2)] as const).filter(([, xs]) => xs.some((x) => x > 0)));

function toTold(rows: readonly Row[]): Told {
  const r = rows[0]!;
  return {
    ...keyOf(r), base: short(r.base), tuned: short(r.tuned), weights: byMatrix(r.weights), divergence: each(r.divergence, 2), enough: each(r.enough, 2), needed: each(r.needed, 2), look: r.after.map((x) => each(x, 2)),
    layerEnough: each(r.layerEnough), layerNeeded: each(r.layerNeeded), accuracy: each(rows.map((x) => x.tuned), 2),
  };
}

export function collect(rows: readonly Row[]): { 'where-or-what': Ends; 'head-change': Changes; adapters: All } {
  const groups = grouped(rows);
  const first = rows.find((r) => r.seed === 1 && r.mapsBefore)!;
  const heads = storytellers(first.before);
  const told = groups.filter((g) => g[0]!.section === 'grid' || g[0]!.section === 'all');
  return {
    'where-or-what': { commit: first.commit, before: pack(heads.map((h) => prefix(first.mapsBefore![h]!))), heads, ends: groups.filter((g) => g[0]!.section === 'grid').map((g) => toEnd(g, heads)) },
    adapters: { commit: first.commit, ends: groups.map((g) => ({ ...toEnd(g, []), ...(told.includes(g) && { enough: g.map((x) => x.layerEnough), divergence: g.map((x) => each(layersOf(x.divergence), 4)) }) })) },
    'head-change': { commit: first.commit, before: first.before.map((x) => each(x, 2)), told: told.map(toTold) },
  };
}

export const same = (a: Key, b: Partial<Key>): boolean => (Object.keys(b) as (keyof Key)[]).every((k) => a[k] === b[k]);
/** A run of the grid, or of all four matrices (rank 4, or in full). */
export const wanted = (q: Pick<Choice, 'goal' | 'matrices' | 'layers'>, rank = 4): Partial<Key> => ({ rate: rank === 0 ? 0.001 : 0.01, goal: q.goal, matrices: q.matrices, layers: q.matrices === 'qkvo' ? 'both' : q.layers, rank, baseSteps: 700, steps: 400 });
