// One attention row over an encoder, trained on a task whose answer is known to follow from a few words: what the row, a gradient and
// an experiment say of these words. Shared by «Что под строкой» and «Обученный лжец».
import { inSlices } from '../training/slices.ts';
import { mean, median } from '../../lib/statistics.ts';
import type { EncoderName, PoolingAccounts, PoolingOptions, PoolingRun, RemoteEngine } from '../../../../wasm/client/types';

export const ENCODERS = ['single', 'attention', 'recurrent'] as const satisfies readonly EncoderName[];
export const NAMES: Record<EncoderName, string> = { single: 'одно своё слово', attention: 'самовнимание', recurrent: 'рекуррентный' };
export const STEPS = 600;
export const EVERY = 50;
export const SEEDS = [1, 2, 3, 4, 5] as const;
export const T = 12;
/** Words 0…5 are +, 6…11 are −, the rest mean nothing; as signed_words in core/attn/train/pooling_model.hpp. */
export const SIGNED = 12;
export const WORDS = [
  'тепло', 'ясно', 'верно', 'добро', 'легко', 'чисто', 'холод', 'мрак', 'ложь', 'зло', 'тяжко', 'грязь',
  'дом', 'стол', 'окно', 'лист', 'час', 'путь', 'река', 'звук', 'круг', 'мост', 'след', 'угол', 'лампа', 'порог', 'голос', 'берег', 'камень', 'сад', 'нить', 'шаг',
] as const;
export const sign = (token: number): 1 | -1 | 0 => (token >= SIGNED ? 0 : token < SIGNED / 2 ? 1 : -1);
export const word = (token: number): string => `${{ 1: '+', [-1]: '−', 0: '' }[sign(token)]}${WORDS[token]}`;

export interface Point { step: number; accuracy: number; mass: number; loss: number }
export const pointOf = ({ step, accuracy, mass, loss }: PoolingRun): Point => ({ step, accuracy, mass, loss });

/** Trains to the end, a slice at a time; `onPoint` returns false to stop. */
export function train(engine: Pick<RemoteEngine, 'poolingSteps'>, q: PoolingOptions, onPoint: (p: Point, run: PoolingRun) => boolean | void, from?: Float32Array): Promise<PoolingRun> {
  return inSlices((count, state) => engine.poolingSteps({ ...q, count }, state), STEPS, EVERY, (run) => onPoint(pointOf(run), run), from);
}

/** The four accounts of which words decide, in the order they are shown. */
export const ACCOUNTS = ['weight', 'carried', 'gradient', 'left_out'] as const;
export type Account = (typeof ACCOUNTS)[number];
export const TITLES: Record<Account, string> = { weight: 'вес', carried: 'вес × вклад', gradient: 'градиент', left_out: 'исключение слова' };
export const COLOURS: Record<Account, string> = { weight: 'var(--accent)', carried: 'var(--v)', gradient: 'var(--q)', left_out: 'var(--k)' };
/** Whose ranks are compared, in the order of the rows of `agreement`. */
export const PAIRS = ['вес и градиент', 'вес и исключение', 'градиент и исключение', 'вес × вклад и исключение'] as const;

const rows = (t: { data: ArrayLike<number> }): number[][] => Array.from({ length: t.data.length / T }, (_, i) => Array.from({ length: T }, (_, j) => t.data[i * T + j]!));

/** Of the k words with a sign, the share that is among the k words the account puts first; ties go to the earlier word. */
export function hit(account: readonly number[], tokens: readonly number[]): number {
  const k = tokens.filter((t) => sign(t) !== 0).length;
  const first = account.map((_, i) => i).sort((i, j) => account[j]! - account[i]! || i - j).slice(0, k);
  return first.filter((i) => sign(tokens[i]!) !== 0).length / k;
}

/** Shares of the values in `n` equal bins of [−1, 1]; what is not a number is left out. */
export function histogram(values: ArrayLike<number>, n = 16): number[] {
  const kept = Array.from(values).filter(Number.isFinite);
  const out = new Array<number>(n).fill(0);
  for (const v of kept) out[Math.min(n - 1, Math.floor(((v + 1) / 2) * n))]! += 1 / kept.length;
  return out;
}

export interface Summary {
  /** Means of τ, in the order of PAIRS. */
  tau: number[];
  hits: Record<Account, number>;
  /** The same where one word may be taken out of the answer without turning it (|sum| ≥ 3), and where not. */
  spare: Record<Account, number>;
  tight: Record<Account, number>;
  /** Median over sentences of the median change of the answer when the weights change places. */
  moved: number;
  /** What part of the experiment's effects falls on words with a sign. */
  caused: number;
}
export function summarise(a: PoolingAccounts): Summary {
  const tokens = rows(a.tokens);
  const n = tokens.length;
  const margin = tokens.map((s) => Math.abs(s.reduce((sum, t) => sum + sign(t), 0)));
  const hits = (keep: (i: number) => boolean): Record<Account, number> => Object.fromEntries(ACCOUNTS.map((name) => {
    const account = rows(a[name]);
    return [name, mean(tokens.flatMap((s, i) => (keep(i) ? [hit(account[i]!, s)] : [])))];
  })) as Record<Account, number>;
  const effects = rows(a.left_out).flat();
  const whole = effects.reduce((x, y) => x + y, 0);
  return {
    tau: PAIRS.map((_, p) => mean(Array.from(a.agreement.data.subarray(p * n, (p + 1) * n)).filter(Number.isFinite))),
    hits: hits(() => true), spare: hits((i) => margin[i]! > 1), tight: hits((i) => margin[i] === 1),
    moved: median(Array.from(a.shuffled.data)),
    caused: effects.reduce((x, y, i) => x + (sign(tokens.flat()[i]!) === 0 ? 0 : y), 0) / whole,
  };
}

/** One sentence, every account divided by its sum. */
export interface Sentence { words: string[]; logit: number; accounts: Record<Account, number[]> }
export function sentence(a: PoolingAccounts, i: number): Sentence {
  const share = (x: number[]): number[] => { const sum = x.reduce((p, q) => p + q, 0); return x.map((v) => (sum > 0 ? v / sum : 0)); };
  return { words: rows(a.tokens)[i]!.map(word), logit: a.logit.data[i]!, accounts: Object.fromEntries(ACCOUNTS.map((name) => [name, share(rows(a[name])[i]!)])) as Record<Account, number[]> };
}
/** The first sentence with three signed words of which one is against the answer. */
export function typical(a: PoolingAccounts): number {
  return rows(a.tokens).findIndex((s) => s.filter((t) => sign(t) !== 0).length === 3 && Math.abs(s.reduce((sum, t) => sum + sign(t), 0)) === 1);
}

export const PENALTIES = [0, 0.03, 0.1, 0.3, 1, 3] as const;
export interface Ended { accuracy: number; mass: number; /** In the order of ACCOUNTS. */ hits: number[] }
export interface RowRecorded {
  commit: string;
  steps: number;
  /** Summaries of five seeds; histograms of τ for seed 1, of the first three PAIRS. */
  encoders: { encoder: EncoderName; summaries: Summary[]; histograms: number[][] }[];
}
export interface LiarRecorded {
  commit: string;
  steps: number;
  /** curve: [accuracy, mass] of seed 1 every EVERY steps; ends: five seeds; the sentence is of seed 1. */
  runs: { encoder: EncoderName; penalty: number; curve: [number, number][]; ends: Ended[]; words: string[]; accounts: number[][] }[];
}
