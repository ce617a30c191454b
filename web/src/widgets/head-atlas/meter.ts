// Scores of heads on text, as core/attn/analysis/head_roles.cpp and relations.cpp define them, over
// attention maps that came from the engine. Every score stands beside what uniform attention gets.
import type { Query } from '../../data/sentences.ts';

/** How the T tokens of a sequence make up its words; −1: none (the document separator). */
export interface Layout {
  word: readonly number[];
  punctuation: readonly boolean[];
}

export const MAX_OFFSET = 16;
export const ROLE_IDS = ['previous', 'across', 'inside', 'current', 'first', 'duplicate', 'induction', 'punctuation', 'offset', 'offset_weight', 'offset_top', 'entropy_ratio', 'distance'] as const;
export type RoleId = (typeof ROLE_IDS)[number];
export type Roles = Record<RoleId, number>;

class Mean {
  sum = 0;
  rows = 0;
  add(x: number): void {
    this.sum += x;
    this.rows += 1;
  }
  get value(): number {
    return this.rows > 0 ? this.sum / this.rows : 0;
  }
}

/** One head (or the uniform baseline), row by row. */
export class HeadMeter {
  #m = Object.fromEntries(ROLE_IDS.map((id) => [id, new Mean()])) as Record<RoleId, Mean>;
  #weight = Array.from({ length: MAX_OFFSET }, () => new Mean());
  #top = Array.from({ length: MAX_OFFSET }, () => new Mean());

  /** `a(s)`: weight on token s ≤ t. */
  addRow(a: (s: number) => number, t: number, ids: readonly number[], { word, punctuation }: Layout): void {
    const m = this.#m;
    const sum = { inside: 0, marks: 0, duplicate: 0, induction: 0, entropy: 0, distance: 0 };
    let [continues, marked, seen, largest] = [false, false, false, 0];
    for (let s = 0; s <= t; s += 1) {
      const w = a(s);
      sum.distance += w * (t - s);
      if (w > 0) sum.entropy -= w * Math.log(w);
      if (w > a(largest)) largest = s;
      if (s === t) break;
      if (ids[s] === ids[t]) {
        seen = true;
        sum.duplicate += w;
        sum.induction += a(s + 1);
      }
      const of = word[s] as number;
      if (of < 0) continue;
      if (of === word[t]) {
        continues = true;
        sum.inside += w;
      }
      if (punctuation[of]) {
        marked = true;
        sum.marks += w;
      }
    }
    m.current.add(a(t));
    m.distance.add(sum.distance);
    if (seen) {
      m.duplicate.add(sum.duplicate);
      m.induction.add(sum.induction);
    }
    if (continues) m.inside.add(sum.inside);
    if (marked) m.punctuation.add(sum.marks);
    if (t === 0) return;
    m.previous.add(a(t - 1));
    m.first.add(a(0));
    m.entropy_ratio.add(sum.entropy / Math.log(t + 1));
    if ((word[t] as number) >= 0 && (word[t - 1] as number) >= 0 && word[t] !== word[t - 1]) m.across.add(a(t - 1));
    for (let k = 1; k <= MAX_OFFSET && k < t; k += 1) {
      this.#weight[k - 1]!.add(a(t - k));
      this.#top[k - 1]!.add(largest === t - k ? 1 : 0);
    }
  }

  value(): Roles {
    let best = 0;
    this.#weight.forEach((w, k) => { if (w.value > this.#weight[best]!.value) best = k; });
    const means = Object.fromEntries(ROLE_IDS.map((id) => [id, this.#m[id].value])) as Roles;
    return { ...means, offset: best + 1, offset_weight: this.#weight[best]!.value, offset_top: this.#top[best]!.value };
  }
}

/**
 * Attention from word i to earlier words: summed over the tokens attended to, from the last token of
 * word i, the only one that has seen the whole word. `map` [T, T] of one head; row i of the result is [n].
 */
export function wordRow(map: ArrayLike<number>, { word, punctuation }: Layout, from: number): Float64Array {
  const T = word.length;
  const row = new Float64Array(punctuation.length);
  const t = word.lastIndexOf(from);
  if (t >= 0) for (let s = 0; s <= t; s += 1) if ((word[s] as number) >= 0) row[word[s] as number]! += map[t * T + s] as number;
  return row;
}

/** One question and how every head answered it. */
export interface Answer {
  group: number;
  hits: boolean[]; // [L · H]
  distances: number[];
  chance: number;
}

/** The earlier word with the largest weight; candidates are all words before `from`. */
export function choice(row: ArrayLike<number>, from: number): number {
  let best = 0;
  for (let j = 1; j < from; j += 1) if ((row[j] as number) > (row[best] as number)) best = j;
  return best;
}

export interface Estimate {
  value: number;
  low: number;
  high: number;
}
export interface Relation {
  queries: number;
  heldOut: number;
  head: number;
  selected: number;
  accuracy: Estimate;
  offset: number;
  offsetAccuracy: number;
  chance: number;
  gain: Estimate;
  headAccuracy: number[];
}

/**
 * Mean with a 95 % interval when whole groups (sentences) are the units: the linearised variance of a
 * ratio of group totals. The native run draws a bootstrap instead; here nothing is drawn at random.
 */
export function clustered(values: readonly { group: number; x: number }[]): Estimate {
  const n = values.length;
  if (n === 0) return { value: 0, low: 0, high: 0 };
  const mean = values.reduce((a, v) => a + v.x, 0) / n;
  const residual = new Map<number, number>();
  for (const v of values) residual.set(v.group, (residual.get(v.group) ?? 0) + v.x - mean);
  const G = residual.size;
  const variance = G > 1 ? (G / (G - 1)) * Array.from(residual.values()).reduce((a, r) => a + r * r, 0) / n ** 2 : 0;
  const half = 1.96 * Math.sqrt(variance);
  return { value: mean, low: mean - half, high: mean + half };
}

const share = (hits: number, n: number): number => (n > 0 ? hits / n : 0);

/** Head and offset are chosen on groups of even number and reported on odd ones. */
export function relation(answers: readonly Answer[], heads: number): Relation {
  const [even, odd] = [answers.filter((a) => a.group % 2 === 0), answers.filter((a) => a.group % 2 !== 0)];
  const accuracy = (of: readonly Answer[], h: number): number => share(of.filter((a) => a.hits[h]).length, of.length);
  const at = (of: readonly Answer[], k: number): number => share(of.filter((a) => a.distances.includes(k)).length, of.length);
  let [head, offset] = [0, 1];
  for (let h = 1; h < heads; h += 1) if (accuracy(even, h) > accuracy(even, head)) head = h;
  for (let k = 2; k <= 10; k += 1) if (at(even, k) > at(even, offset)) offset = k;
  return {
    queries: answers.length, heldOut: odd.length, head, offset, selected: accuracy(even, head),
    accuracy: clustered(odd.map((a) => ({ group: a.group, x: a.hits[head] ? 1 : 0 }))),
    offsetAccuracy: at(odd, offset),
    chance: share(odd.reduce((sum, a) => sum + a.chance, 0), odd.length),
    gain: clustered(odd.map((a) => ({ group: a.group, x: (a.hits[head] ? 1 : 0) - (a.distances.includes(offset) ? 1 : 0) }))),
    headAccuracy: Array.from({ length: heads }, (_, h) => accuracy(answers, h)),
  };
}

/** What one question asks, if all its words have tokens. */
export function ask(query: Query, layout: Layout, rows: readonly ArrayLike<number>[], group: number): Answer | null {
  const present = new Set(layout.word);
  const to = query.to.filter((j) => present.has(j));
  if (!present.has(query.from) || to.length === 0) return null;
  let candidates = 0;
  for (let j = 0; j < query.from; j += 1) if (present.has(j)) candidates += 1;
  return { group, hits: rows.map((row) => to.includes(choice(row, query.from))), distances: to.map((j) => query.from - j), chance: to.length / candidates };
}

/** Jensen–Shannon divergence of two rows over t + 1 keys, in bits (0…1). */
export function jensenShannon(p: ArrayLike<number>, q: ArrayLike<number>, from: number, n: number, fromQ = from): number {
  let sum = 0;
  for (let s = 0; s < n; s += 1) {
    const [a, b] = [p[from + s] as number, q[fromQ + s] as number];
    const m = (a + b) / 2;
    if (a > 0) sum += (a / 2) * Math.log2(a / m);
    if (b > 0) sum += (b / 2) * Math.log2(b / m);
  }
  return Math.max(0, sum);
}
