// What a training run leaves behind, reduced to what the figures draw; recordings hold the same.
import type { HeadScores, TrainPoint } from '../../../../wasm/client/types';

export interface HeadSample { layer: number; head: number; previous: number; induction: number }
export interface Sample { step: number; loss: number; accuracy: number; heads: HeadSample[] }

export const toSample = (p: TrainPoint): Sample => ({
  step: p.step, loss: p.evalLoss, accuracy: p.evalAccuracy,
  heads: p.heads.map(({ layer, head, previous, induction }: HeadScores) => ({ layer, head, previous, induction })),
});

/** Recorded form: columns of short numbers, three decimals. Head columns run over heads in layer order. */
export interface RecordedCurve {
  seed: number;
  layers: number;
  heads: number;
  steps: number[];
  loss: number[];
  accuracy: number[];
  /** [step][layer · heads + head] */
  previous: number[][];
  induction: number[][];
}

const short = (v: number): number => Math.round(v * 1000) / 1000;

export function pack(samples: readonly Sample[], layers: number, heads: number, seed: number): RecordedCurve {
  return {
    seed, layers, heads,
    steps: samples.map((s) => s.step), loss: samples.map((s) => short(s.loss)), accuracy: samples.map((s) => short(s.accuracy)),
    previous: samples.map((s) => s.heads.map((h) => short(h.previous))), induction: samples.map((s) => s.heads.map((h) => short(h.induction))),
  };
}

export function unpack(r: RecordedCurve): Sample[] {
  return r.steps.map((step, i) => ({
    step, loss: r.loss[i]!, accuracy: r.accuracy[i]!,
    heads: r.previous[i]!.map((previous, k) => ({ layer: Math.floor(k / r.heads), head: k % r.heads, previous, induction: r.induction[i]![k]! })),
  }));
}

export type Score = 'previous' | 'induction';

/** The head of these layers that scores highest; undefined when no head is measured. */
export function best(sample: Sample | undefined, score: Score, layers: (layer: number) => boolean = () => true): HeadSample | undefined {
  return sample?.heads.filter((h) => layers(h.layer)).reduce<HeadSample | undefined>((top, h) => (top === undefined || h[score] > top[score] ? h : top), undefined);
}

export const name = (h: { layer: number; head: number }): string => `${h.layer}.${h.head}`;

/** Step of the first measured point where `value` reaches `level`; null if it never does. */
export function reached(samples: readonly Sample[], value: (s: Sample) => number, level: number): number | null {
  return samples.find((s) => value(s) >= level)?.step ?? null;
}

export interface Births {
  accuracy: number | null;
  previous: number | null;
  induction: number | null;
}

export const THRESHOLD = 0.5;

/**
 * When the curves cross 0.5, at the measured steps: accuracy, the best previous-token score below the last layer and the
 * best induction score of the last layer. In a one-layer model both heads are looked for in the only layer.
 */
export function births(samples: readonly Sample[]): Births {
  const last = Math.max(0, ...(samples[0]?.heads.map((h) => h.layer) ?? [0]));
  const below = (l: number): boolean => last === 0 || l < last;
  return {
    accuracy: reached(samples, (s) => s.accuracy, THRESHOLD),
    previous: reached(samples, (s) => best(s, 'previous', below)?.previous ?? 0, THRESHOLD),
    induction: reached(samples, (s) => best(s, 'induction', (l) => l === last)?.induction ?? 0, THRESHOLD),
  };
}

/** [step, value] of one head over training. */
export const track = (samples: readonly Sample[], layer: number, head: number, score: Score): [number, number][] =>
  samples.map((s) => [s.step, s.heads.find((h) => h.layer === layer && h.head === head)?.[score] ?? NaN]);

export const nearest = (samples: readonly Sample[], step: number): Sample | undefined =>
  samples.reduce<Sample | undefined>((top, s) => (top === undefined || Math.abs(s.step - step) < Math.abs(top.step - step) ? s : top), undefined);

/** (H_T − 1)/(T − 1): what uniform causal attention scores as a previous-token head. */
export function uniformPrevious(T: number): number {
  let harmonic = 0;
  for (let n = 1; n <= T; n += 1) harmonic += 1 / n;
  return (harmonic - 1) / (T - 1);
}

/** Accuracy of plain voting by one letter, votes weighed by the probability of their distance: a level, not a bound
 *  (chapters/07-specialisation/scripts: ceilings.py; learnt weights go further, votes.py). */
export const ONE_LETTER_VOTE = 0.875;
