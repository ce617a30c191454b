// Sixteen heads where eight would do: how alike they look, and what happens when they are taken out.
import type { HeadRef, RemoteEngine, TrainConfig } from '../../../../wasm/client/types';
import { spearman } from '../../lib/statistics.ts';
import { judge } from '../head-knockout/model.ts';
import { RECIPE, vary } from '../training/recipe.ts';

export const HEADS = 8;
export const COUNT = 2 * HEADS;
export const EVERY = 20;
export const BATCH = 32;
/** The recipe of chapter 7 with twice as many heads of the same width: 8 × 16 = 128 against a stream of 64. */
export const config = (seed: number): TrainConfig & { steps: number } => ({ ...vary(RECIPE, { model: { heads: HEADS, head_width: 16 }, seed }), steps: RECIPE.steps });

export interface Scores { previous: number; induction: number }
export interface Figure {
  seed: number;
  loss: number;
  accuracy: number;
  /** [16 × 16], symmetric: Jensen–Shannon of rows in bits; CKA of what is written. */
  js: number[];
  cka: number[];
  /** Nats lost: [16] one head, [16 × 16] two, [2] a whole layer. */
  single: number[];
  pair: number[];
  layers: number[];
  /** The least harmful head first, then the least harmful of the rest: loss and accuracy behind each. */
  greedy: { order: number[]; loss: number[]; accuracy: number[] };
  heads: Scores[];
}
export const headAt = (i: number): HeadRef => ({ layer: Math.floor(i / HEADS), head: i % HEADS });
export const names = Array.from({ length: COUNT }, (_, i) => `${Math.floor(i / HEADS)}.${i % HEADS}`);

export async function measure(engine: RemoteEngine, model: number, seed: number, signal?: AbortSignal): Promise<Figure> {
  const batch = await engine.taskBatch(RECIPE.task, BATCH, seed);
  const vocab = RECIPE.model.vocab;
  const without = async (off: number[]): Promise<{ loss: number; accuracy: number }> => {
    signal?.throwIfAborted();
    const { tensors } = await engine.run(model, { tokens: batch.tokens, capture: ['logits'], ...(off.length > 0 && { ablate: { heads: off.map(headAt), how: 'mean' as const } }) });
    return judge(tensors.logits!.data, vocab, batch.targets, batch.weights);
  };
  const whole = await without([]);
  const lost = async (off: number[]): Promise<number> => (await without(off)).loss - whole.loss;
  const all = Array.from({ length: COUNT }, (_, i) => i);
  const single: number[] = [];
  for (const i of all) single.push(await lost([i]));
  const pair = new Array<number>(COUNT * COUNT).fill(0);
  for (const i of all) {
    pair[i * COUNT + i] = single[i]!;
    for (let j = 0; j < i; j += 1) pair[i * COUNT + j] = pair[j * COUNT + i] = await lost([i, j]);
  }
  const layers = [await lost(all.slice(0, HEADS)), await lost(all.slice(HEADS))];
  const greedy: Figure['greedy'] = { order: [], loss: [], accuracy: [] };
  while (greedy.order.length < COUNT) {
    let best: { i: number; loss: number; accuracy: number } | null = null;
    for (const i of all.filter((k) => !greedy.order.includes(k))) {
      const v = await without([...greedy.order, i]);
      if (!best || v.loss < best.loss) best = { i, ...v };
    }
    greedy.order.push(best!.i);
    greedy.loss.push(best!.loss);
    greedy.accuracy.push(best!.accuracy);
  }
  const alike = await engine.headSimilarity(model, batch.tokens);
  const { heads } = await engine.headScores(model, { batch: 64, half: 24, seed });
  return { seed, loss: whole.loss, accuracy: whole.accuracy, js: [...alike.distance.data], cka: [...alike.cka.data], single, pair, layers, greedy, heads: heads.map((h) => ({ previous: h.previous, induction: h.induction })) };
}

/** Loss of a pair beyond the two losses apart: positive, one stood in for the other. */
export const interaction = (f: Figure, i: number, j: number): number => (i === j ? 0 : f.pair[i * COUNT + j]! - f.single[i]! - f.single[j]!);
export const interactions = (f: Figure): number[] => f.pair.map((_, k) => interaction(f, Math.floor(k / COUNT), k % COUNT));

export interface Pair { i: number; j: number }
export function pairsOf(layer: number): Pair[] {
  const out: Pair[] = [];
  for (let i = layer * HEADS; i < (layer + 1) * HEADS; i += 1) for (let j = i + 1; j < (layer + 1) * HEADS; j += 1) out.push({ i, j });
  return out;
}
export const likeness = (f: Figure, how: 'js' | 'cka', { i, j }: Pair): number => (how === 'js' ? -1 : 1) * f[how][i * COUNT + j]!;
export function extreme(f: Figure, how: 'js' | 'cka', layer: number, most: boolean): Pair {
  return pairsOf(layer).reduce((a, b) => ((likeness(f, how, b) > likeness(f, how, a)) === most ? b : a));
}

/** Does likeness foretell that one head stands in for the other? Rank correlation over the pairs of one layer. */
export const foretells = (f: Figure, how: 'js' | 'cka', layer: number): number => {
  const pairs = pairsOf(layer);
  return spearman(pairs.map((p) => likeness(f, how, p)), pairs.map(({ i, j }) => interaction(f, i, j)));
};
/** How many heads go, in the oracle's order, before the loss has risen by `nats`. */
export const spare = (f: Figure, nats: number): number => {
  const k = f.greedy.loss.findIndex((l) => l - f.loss > nats);
  return k < 0 ? COUNT : k;
};

interface PackedRun { seed: number; loss: number; accuracy: number; js: number[]; cka: number[]; single: number[]; pair: number[]; layers: number[]; greedy: Figure['greedy']; heads: Scores[] }
export interface Recorded { commit: string; runs: PackedRun[] }
/** From the triangle above the diagonal, row by row. */
export function full(triangle: readonly number[], diagonal: (i: number) => number): number[] {
  const out = new Array<number>(COUNT * COUNT);
  let k = 0;
  for (let i = 0; i < COUNT; i += 1) {
    out[i * COUNT + i] = diagonal(i);
    for (let j = i + 1; j < COUNT; j += 1) out[i * COUNT + j] = out[j * COUNT + i] = triangle[k++]!;
  }
  return out;
}
export const unpack = (r: PackedRun): Figure => ({ ...r, js: full(r.js, () => 0), cka: full(r.cka, () => 1), pair: full(r.pair, (i) => r.single[i]!) });
