// Trained on texts of 32 tokens, read on longer ones: the same model and task for every way of telling positions.
import type { RemoteEngine, TaskConfig, TrainConfig } from '../../../../wasm/client/types';
import { median } from '../../lib/statistics.ts';
import { verdict } from '../training/score.ts';

export const SCHEMES = ['alibi', 't5', 'rope', 'learned', 'sinusoidal', 'none'] as const;
export type Scheme = (typeof SCHEMES)[number];
export const NAMES: Record<Scheme, string> = { alibi: 'ALiBi', t5: 'корзины T5', rope: 'RoPE', learned: 'обучаемые', sinusoidal: 'синусоиды', none: 'без кодирования' };

export const [VOCAB, TRAINED, LONGEST] = [64, 32, 16];
export const CONTEXT = 160;
export const [STEPS, EVERY, EXAM, EXAM_SEED] = [1000, 100, 64, 777];
/** Segments to be repeated once, 2n tokens in all; and texts of T tokens whose segments are as short as in training. */
export const SEGMENTS = [8, 12, 16, 20, 24, 32, 48, 64] as const;
export const TEXTS = [32, 40, 48, 64, 96, 128] as const;
/** The text in which it is asked where the answer stood. */
export const PLACES = 32;

const repeat = (min: number, max: number, length: number): TaskConfig => ({ kind: 'repeat', vocab: VOCAB, length, segment_min: min, segment_max: max, tiled: true, distinct: true });
export const segment = (n: number): TaskConfig => repeat(n, n, 2 * n);
export const text = (T: number): TaskConfig => repeat(4, LONGEST, T);

export const config = (scheme: Scheme, seed: number): TrainConfig & { steps: number } => ({
  model: { vocab: VOCAB, context: CONTEXT, layers: 2, width: 64, heads: 4, mlp: 'none', norm: 'pre', norm_kind: 'rms_norm', norm_gain: false, position: scheme },
  task: text(TRAINED),
  adamw: { beta1: 0.9, beta2: 0.98, weight_decay: 0.01 },
  schedule: { kind: 'cosine', learning_rate: 0.01, warmup: 50, total: STEPS, floor: 0.1 },
  batch: 32, steps: STEPS, clip: 1, seed,
});

type Asked = Pick<RemoteEngine, 'run' | 'taskBatch'>;
export async function accuracy(engine: Asked, model: number, task: TaskConfig): Promise<number> {
  const batch = await engine.taskBatch(task, EXAM, EXAM_SEED);
  const { tensors } = await engine.run(model, { tokens: batch.tokens, capture: ['logits'] });
  return verdict(tensors.logits!.data, VOCAB, batch).accuracy;
}

/** Share of right answers by the place, 0 … n − 1, where the token that is read now stood the first time; its answer stood one place to the right. */
export async function byPlace(engine: Asked, model: number, n: number): Promise<number[]> {
  const batch = await engine.taskBatch(segment(n), EXAM, EXAM_SEED);
  const { tensors } = await engine.run(model, { tokens: batch.tokens, capture: ['logits'] });
  const right = new Array<number>(n).fill(0);
  batch.targets.forEach((row, b) => row.forEach((target, t) => {
    if (!(batch.weights[b]![t]! > 0)) return;
    const at = (b * 2 * n + t) * VOCAB;
    let top = 0;
    for (let v = 1; v < VOCAB; v += 1) if (tensors.logits!.data[at + v]! > tensors.logits!.data[at + top]!) top = v;
    if (top === target) right[t - n]! += 1 / EXAM;
  }));
  return right;
}

export interface Row {
  scheme: Scheme;
  /** [seed][length] */
  segments: number[][];
  texts: number[][];
  /** Right answers by place in a segment of 32, mean over the seeds. */
  places: number[];
}
export interface Recorded { commit: string; seeds: number[]; rows: Row[] }

export type View = 'segments' | 'texts' | 'places';
type Points = (readonly [number, number])[];
export type Result = Record<View, Points>;

export const VIEWS: Record<View, { short: string; label: string; xlabel: string; domain: [number, number]; milestone: { x: number; label: string } }> = {
  segments: { short: 'повтор', label: 'Точность на повторе отрезка из n токенов', xlabel: 'токенов в отрезке, n (текст из 2n)', domain: [8, 64], milestone: { x: LONGEST, label: `обучено до n = ${LONGEST}` } },
  texts: { short: 'только текст', label: `Точность на тексте из T токенов, отрезок — не больше ${LONGEST}`, xlabel: 'токенов в тексте, T', domain: [32, 128], milestone: { x: TRAINED, label: `обучено на T = ${TRAINED}` } },
  places: { short: 'место образца', label: `Точность по месту образца, отрезок из ${PLACES} токенов`, xlabel: 'место образца в тексте', domain: [0, PLACES - 1], milestone: { x: LONGEST - 1, label: 'дальше первой копии при обучении не бывало' } },
};

const lengths = { segments: SEGMENTS, texts: TEXTS };
/** What is drawn of one scheme: the median over the seeds; by place, their mean. */
export const curve = (r: Row, view: View): Points => (view === 'places' ? r.places.map((a, i) => [i, a]) : lengths[view].map((n, i) => [n, median(r[view].map((seed) => seed[i]!))]));
export const oneSeed = (r: Row, view: 'segments' | 'texts', k: number): Points => lengths[view].map((n, i) => [n, r[view][k]![i]!]);
export const spread = (r: Row, i: number): [number, number] => [Math.min(...r.segments.map((x) => x[i]!)), Math.max(...r.segments.map((x) => x[i]!))];

/** The whole exam of a trained model, as the recording has it. */
export async function exam(engine: Asked, model: number): Promise<Result> {
  const on = async (list: readonly number[], task: (n: number) => TaskConfig): Promise<Points> => {
    const out: Points = [];
    for (const n of list) out.push([n, await accuracy(engine, model, task(n))]);
    return out;
  };
  return { segments: await on(SEGMENTS, segment), texts: await on(TEXTS, text), places: (await byPlace(engine, model, PLACES)).map((a, i) => [i, a]) };
}
