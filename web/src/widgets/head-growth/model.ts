// The heads of ru-small along its training: the scanner's scores at every snapshot of the run.
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { SCORES, ask, type Opened, type Score } from '../head-scanner/model.ts';

export { SCORES, WORDS, type Score } from '../head-scanner/model.ts';

export interface State {
  step: number;
  /** [layer · heads + head] */
  scores: Record<Score, number>[];
  /** Nats on random tokens heard for the first time and again. */
  loss: { first: number; second: number };
}
export interface Growth {
  layers: number;
  heads: number;
  baseline: Record<Score, number>;
  states: State[];
}

/**
 * Every snapshot in turn, each made from the one before it; the last state is the shipped model itself, `finalStep` steps old.
 * Only the scores are kept: a state of the model has seventeen megabytes.
 */
export async function grow(engine: RemoteEngine, shipped: Opened, finalStep: number, file: Uint8Array, onState: (done: number, of: number) => void = () => {}, signal?: AbortSignal): Promise<Growth> {
  const states: State[] = [];
  let baseline: Record<Score, number> | undefined;
  let before: number | undefined;
  const look = async (id: number, step: number): Promise<void> => {
    const figure = await ask(engine, { ...shipped, id }, { model: 'ru-small', seed: 1 });
    baseline ??= figure.baseline;
    states.push({ step, scores: figure.scores, loss: figure.loss });
  };
  try {
    for (let number = 0, count = 1; number < count; number += 1) {
      signal?.throwIfAborted();
      const made = await engine.loadSnapshot(shipped.id, file, number, before);
      count = made.steps.length;
      if (before !== undefined) await engine.disposeModel(before);
      before = made.id;
      await look(made.id, made.steps[number]!);
      onState(number + 1, count + 1);
    }
  } finally {
    if (before !== undefined) await engine.disposeModel(before);
  }
  signal?.throwIfAborted();
  await look(shipped.id, finalStep);
  return { layers: shipped.layers, heads: shipped.heads, baseline: baseline!, states };
}

/** Recorded as whole thousandths, state after state, head after head: a number is three characters. */
export interface Packed {
  commit: string;
  model: string;
  layers: number;
  heads: number;
  steps: number[];
  loss: [number, number][];
  baseline: Record<Score, number>;
  scores: Record<Score, number[]>;
}
const thousandths = (x: number): number => Math.round(1000 * x);

export function pack(g: Growth, about: { commit: string; model: string }): Packed {
  const scores = Object.fromEntries(SCORES.map((s) => [s, g.states.flatMap((state) => state.scores.map((h) => thousandths(h[s])))])) as Packed['scores'];
  return {
    ...about, layers: g.layers, heads: g.heads, steps: g.states.map((s) => s.step), scores,
    loss: g.states.map(({ loss }) => [thousandths(loss.first) / 1000, thousandths(loss.second) / 1000]),
    baseline: Object.fromEntries(SCORES.map((s) => [s, thousandths(g.baseline[s]) / 1000])) as Record<Score, number>,
  };
}

export function unpack(p: Packed): Growth {
  const n = p.layers * p.heads;
  const at = (state: number, head: number): Record<Score, number> => Object.fromEntries(SCORES.map((s) => [s, p.scores[s][state * n + head]! / 1000])) as Record<Score, number>;
  return {
    layers: p.layers, heads: p.heads, baseline: p.baseline,
    states: p.steps.map((step, k) => ({ step, scores: Array.from({ length: n }, (_, h) => at(k, h)), loss: { first: p.loss[k]![0], second: p.loss[k]![1] } })),
  };
}

/** A head over training; on a logarithmic axis step 0 stands at one half. */
export const place = (step: number): number => Math.max(0.5, step);
export const curve = (g: Growth, head: number, score: Score): [number, number][] => g.states.map((s) => [place(s.step), s.scores[head]![score]]);

/** The heads that end highest, best first. */
export function leaders(g: Growth, score: Score, count: number): number[] {
  const last = g.states.at(-1)!.scores;
  return last.map((_, h) => h).sort((a, b) => last[b]![score] - last[a]![score]).slice(0, count);
}

/** The first state in which the head is halfway from where it began to where it ends; null: it never moved by `least`. */
export function halfway(g: Growth, head: number, score: Score, least = 0.1): State | null {
  const [from, to] = [g.states[0]!.scores[head]![score], g.states.at(-1)!.scores[head]![score]];
  if (Math.abs(to - from) < least) return null;
  return g.states.find((s) => (s.scores[head]![score] - from) / (to - from) >= 0.5) ?? null;
}

/** What the second hearing saves, in nats: how far the model reads the repeat. */
export const saving = (s: State): number => s.loss.first - s.loss.second;
