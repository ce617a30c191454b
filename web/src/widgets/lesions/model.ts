// The lesion laboratory: every head and every pair taken out, damage beside the score that named the head.
import type { Ablation, HeadRef, RemoteEngine } from '../../../../wasm/client/types.ts';
import { judge } from '../head-knockout/model.ts';
import type { Specimen } from '../specimen/specimen.ts';
import { RECIPE } from '../training/recipe.ts';

export const BATCH = 32;
export const MEASURES = ['accuracy', 'loss'] as const;
export type Measure = (typeof MEASURES)[number];
export interface Verdict { loss: number; accuracy: number }
export interface Inputs { how: Ablation; seed: number }
export interface Figure extends Inputs {
  whole: Verdict;
  /** [H_all × H_all], symmetric: heads i and j taken out together; on the diagonal one alone. */
  cut: Verdict[];
  /** Every head of a layer taken out together. */
  layers: Verdict[];
  /** Per head: the score of its layer's role, previous token in layer 0, induction above. */
  scores: number[];
}

export const headAt = (i: number, heads: number): HeadRef => ({ layer: Math.floor(i / heads), head: i % heads });
export const names = (count: number, heads: number): string[] => Array.from({ length: count }, (_, i) => `${Math.floor(i / heads)}.${i % heads}`);

export async function ask(engine: RemoteEngine, m: Specimen, { how, seed }: Inputs): Promise<Figure> {
  const { layers, heads, vocab } = m.info.config;
  const n = layers * heads;
  const batch = await engine.taskBatch(RECIPE.task, BATCH, seed);
  const without = async (off: HeadRef[]): Promise<Verdict> => {
    const { tensors } = await engine.run(m.id, { tokens: batch.tokens, capture: ['logits'], ...(off.length > 0 && { ablate: { heads: off, how, seed } }) });
    return judge(tensors.logits!.data, vocab, batch.targets, batch.weights);
  };
  const whole = await without([]);
  const cut = new Array<Verdict>(n * n);
  for (let i = 0; i < n; i += 1)
    for (let j = 0; j <= i; j += 1) cut[i * n + j] = cut[j * n + i] = await without(i === j ? [headAt(i, heads)] : [headAt(i, heads), headAt(j, heads)]);
  const wholeLayers: Verdict[] = [];
  for (let layer = 0; layer < layers; layer += 1) wholeLayers.push(await without(Array.from({ length: heads }, (_, head) => ({ layer, head }))));
  const { heads: scored } = await engine.headScores(m.id, { batch: 32, half: 24, seed: 1 });
  return { how, seed, whole, cut, layers: wholeLayers, scores: scored.map((h) => (h.layer === 0 ? h.previous : h.induction)) };
}

/** What the model lost: accuracy points or nats, positive when it got worse. */
export const damage = (f: Figure, measure: Measure): number[] => f.cut.map((v) => (measure === 'accuracy' ? f.whole.accuracy - v.accuracy : v.loss - f.whole.loss));

/** Damage of a pair beyond the sum of the two single damages: 0 everywhere if heads worked independently. */
export function interaction(f: Figure, measure: Measure): number[] {
  const d = damage(f, measure);
  const n = f.scores.length;
  return d.map((v, k) => {
    const [i, j] = [Math.floor(k / n), k % n];
    return i === j ? 0 : v - d[i * n + i]! - d[j * n + j]!;
  });
}

export interface Pair { i: number; j: number; value: number }
export function strongest(table: readonly number[], n: number): Pair {
  let best: Pair = { i: 0, j: 1, value: table[1] ?? 0 };
  for (let i = 0; i < n; i += 1) for (let j = i + 1; j < n; j += 1) if (Math.abs(table[i * n + j]!) > Math.abs(best.value)) best = { i, j, value: table[i * n + j]! };
  return best;
}
/** A whole layer: what its heads cost one by one, added up, and what they cost together. */
export function layerDamage(f: Figure, layer: number, measure: Measure): { sum: number; together: number } {
  const [d, n] = [damage(f, measure), f.scores.length];
  const heads = n / f.layers.length;
  let sum = 0;
  for (let i = layer * heads; i < (layer + 1) * heads; i += 1) sum += d[i * n + i]!;
  const v = f.layers[layer]!;
  return { sum, together: measure === 'accuracy' ? f.whole.accuracy - v.accuracy : v.loss - f.whole.loss };
}
/** The claim under test: the damages of the last layer's heads add up, within a factor of two. */
export function additive(f: Figure, measure: Measure): boolean {
  const { sum, together } = layerDamage(f, f.layers.length - 1, measure);
  return together <= 2 * sum;
}

export interface Recorded { seed: number; commit: string; figure: { how: Ablation; seed: number; whole: [number, number]; cut: [number, number][]; layers: [number, number][]; scores: number[] } }
const short = (x: number): number => Number(x.toPrecision(4));
const pair = (v: Verdict): [number, number] => [short(v.loss), short(v.accuracy)];
const verdict = ([loss, accuracy]: [number, number]): Verdict => ({ loss, accuracy });
export const pack = (f: Figure): Recorded['figure'] => ({ how: f.how, seed: f.seed, whole: pair(f.whole), cut: f.cut.map(pair), layers: f.layers.map(pair), scores: f.scores.map(short) });
export const unpack = (r: Recorded['figure']): Figure => ({ ...r, whole: verdict(r.whole), cut: r.cut.map(verdict), layers: r.layers.map(verdict) });
