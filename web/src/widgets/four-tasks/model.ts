// Four tasks of one layer, each made so that one named pattern of attention suffices; does the pattern appear, and does
// the model need it? Expectations stand here before any run; the verdict is computed from the run.
import type { RemoteEngine, TaskConfig, TrainConfig } from '../../../../wasm/client/types.ts';

export const VOCAB = 24;
export const LENGTH = 24;
export const ALPHABET = 'абвгдежзийклмнопрстуфхцч';
export const EVERY = 25;
/** What a threshold detector of head roles would ask for. */
export const THRESHOLD = 0.5;

export type Kind = 'previous' | 'rarest' | 'last_name' | 'seen';
export type Id = 'previous' | 'rarest' | 'name' | 'seen-1' | 'bare-1' | 'seen-2' | 'seen-4';

export interface HeadOutcome {
  /** Mean weight on the keys the pattern names, over the asked places that have such keys. */
  mass: number;
  /** How often the brightest key is one of them. */
  hits: number;
  /** Mean row entropy over the same places, nats. */
  entropy: number;
}
export interface Outcome {
  accuracy: number;
  heads: HeadOutcome[];
  /** What uniform attention would score. */
  baseline: number;
}
export interface Sample { tokens: number[]; labels: number[]; asked: number[]; maps: Float32Array[] }

export interface Condition {
  id: Id;
  kind: Kind;
  heads: number;
  /** Without any normalisation. */
  bare?: boolean;
  steps: number;
  title: string;
  task: string;
  expect: string;
  refute: string;
  holds: (o: Outcome) => boolean;
}

export const bestMass = (o: Outcome): number => Math.max(...o.heads.map((h) => h.mass));
const solvedBy = (o: Outcome): boolean => o.accuracy >= 0.95 && bestMass(o) >= THRESHOLD;
const NAMED = 'Точность не ниже 0,95, и вес на названных ключах выше 0,5.';
const UNNAMED = 'Задача решена, а узора нет: точность 0,95 при весе ниже 0,5 — или за отведённые шаги не решена вовсе.';

export const CONDITIONS: readonly Condition[] = [
  { id: 'previous', kind: 'previous', heads: 1, steps: 500, title: 'Предыдущая', task: 'Назвать букву, которая стояла перед этой.', expect: NAMED, refute: UNNAMED, holds: solvedBy },
  { id: 'rarest', kind: 'rarest', heads: 1, steps: 500, title: 'Редкая', task: 'Назвать самую редкую букву из встреченных; частоты по Ципфу: «а» чаще всех, «ч» реже всех.', expect: NAMED, refute: UNNAMED, holds: solvedBy },
  { id: 'name', kind: 'last_name', heads: 1, steps: 1000, title: 'Имя', task: 'На местоимении «ч» назвать последнее имя; имена — буквы от «а» до «з».', expect: NAMED, refute: UNNAMED, holds: solvedBy },
  {
    id: 'seen-1', kind: 'seen', heads: 1, steps: 4000, title: 'Была? 1 голова', task: 'Сказать, встречалась ли эта буква раньше: да или нет.',
    expect: 'Одно усреднение не может и показать на копию, и сохранить то, с чем её сравнить: точность останется ниже 0,8, недалеко от угадывания по месту (0,67).',
    refute: 'Точность выше 0,8.', holds: (o) => o.accuracy < 0.8,
  },
  {
    id: 'bare-1', kind: 'seen', heads: 1, bare: true, steps: 4000, title: '1 голова без RMSNorm', task: 'Та же задача, одна голова, но без нормализаций.',
    expect: 'Если одной голове помогает нормализация перед выходом (она делит на длину суммы буквы и прочитанного, а длина зависит от того, равны ли они), то без неё точность останется ниже 0,8.',
    refute: 'Точность выше 0,8: дело не в нормализации.', holds: (o) => o.accuracy < 0.8,
  },
  {
    id: 'seen-2', kind: 'seen', heads: 2, steps: 4000, title: 'Была? 2 головы', task: 'Та же задача, ширина та же, голов две.',
    expect: 'Двух голов хватит: точность не ниже 0,95, хотя бы у одной виден вес на прежних вхождениях — больше 0,3.',
    refute: 'Точность ниже 0,95 — или решение без такого веса.', holds: (o) => o.accuracy >= 0.95 && bestMass(o) >= 0.3,
  },
  {
    id: 'seen-4', kind: 'seen', heads: 4, steps: 4000, title: 'Была? 4 головы', task: 'Та же задача, голов четыре.',
    expect: 'Задача решена, а головы повторного токена «нет»: точность не ниже 0,95 при весе меньше 0,5 у каждой из голов.',
    refute: 'Голова с весом больше 0,5 — тогда порог её нашёл бы — или точность ниже 0,95.', holds: (o) => o.accuracy >= 0.95 && bestMass(o) < THRESHOLD,
  },
];
export const condition = (id: Id): Condition => CONDITIONS.find((c) => c.id === id)!;

export const task = (kind: Kind): TaskConfig => ({ kind, vocab: VOCAB, length: LENGTH });
export const config = (c: Condition, seed: number): TrainConfig & { steps: number } => ({
  model: { vocab: VOCAB, context: LENGTH, layers: 1, width: 32, heads: c.heads, mlp: 'none', norm: c.bare ? 'none' : 'pre', norm_kind: 'rms_norm', norm_gain: false, position: 'learned' },
  task: task(c.kind), adamw: { beta1: 0.9, beta2: 0.98, weight_decay: 0.01 }, schedule: { kind: 'constant', learning_rate: 0.003 }, batch: 32, steps: c.steps, clip: 1, seed,
});

/** The keys that the pattern names for the query at t; empty where the question is not about attention. */
export function named(kind: Kind, x: readonly number[], t: number, label: number, match: number): number[] {
  if (kind === 'previous' || kind === 'last_name') return match < 0 ? [] : [match];
  const keys: number[] = [];
  const [what, end] = kind === 'rarest' ? [label, t] : [x[t]!, t - 1];
  for (let s = 0; s <= end; s += 1) if (x[s] === what) keys.push(s);
  return keys;
}

export interface Asked { tokens: number[][]; targets: number[][]; weights: number[][]; match: number[][] }

/** pattern [B, H, T, T] against the keys each asked place should read. */
export function judge(kind: Kind, pattern: ArrayLike<number>, heads: number, batch: Asked): Pick<Outcome, 'heads' | 'baseline'> {
  const sums = Array.from({ length: heads }, () => ({ mass: 0, hits: 0, entropy: 0 }));
  let [rows, chance] = [0, 0];
  batch.tokens.forEach((x, b) => x.forEach((_, t) => {
    const keys = batch.weights[b]![t] ? named(kind, x, t, batch.targets[b]![t]!, batch.match[b]![t]!) : [];
    if (keys.length === 0) return;
    rows += 1;
    chance += keys.length / (t + 1);
    sums.forEach((sum, h) => {
      const at = ((b * heads + h) * x.length + t) * x.length;
      let [best, entropy] = [0, 0];
      for (let s = 0; s <= t; s += 1) {
        const a = pattern[at + s]!;
        if (a > pattern[at + best]!) best = s;
        if (a > 0) entropy -= a * Math.log(a);
      }
      sum.mass += keys.reduce((m, s) => m + pattern[at + s]!, 0);
      sum.hits += keys.includes(best) ? 1 : 0;
      sum.entropy += entropy;
    });
  }));
  const mean = (v: number): number => v / Math.max(1, rows);
  return { heads: sums.map((s) => ({ mass: mean(s.mass), hits: mean(s.hits), entropy: mean(s.entropy) })), baseline: mean(chance) };
}

/** Largest weight on the previous token that a causal softmax can show on average, and the guess by place: for the text. */
export const guessByPlace = (): number => {
  let right = 0;
  for (let t = 1; t < LENGTH; t += 1) {
    const no = (1 - 1 / VOCAB) ** t;
    right += Math.max(no, 1 - no);
  }
  return right / (LENGTH - 1);
};

/** A trained model asked about 128 fresh sequences; the first of them is kept for the picture. */
export async function probe(engine: RemoteEngine, trained: TrainConfig, weights: Float32Array, accuracy: number): Promise<{ outcome: Outcome; sample: Sample }> {
  const { id } = await engine.createModel(trained.model, weights);
  try {
    const kind = trained.task.kind as Kind;
    const batch = await engine.taskBatch(trained.task, 128, trained.seed ?? 1);
    const { tensors } = await engine.run(id, { tokens: batch.tokens, capture: ['blocks.0.attn.pattern'] });
    const pattern = tensors['blocks.0.attn.pattern']!;
    const [, H, T] = pattern.shape as [number, number, number];
    const maps = Array.from({ length: H }, (_, h) => pattern.data.slice(h * T * T, (h + 1) * T * T));
    return { outcome: { accuracy, ...judge(kind, pattern.data, H, batch) }, sample: { tokens: batch.tokens[0]!, labels: batch.targets[0]!, asked: batch.weights[0]!, maps } };
  } finally {
    await engine.disposeModel(id);
  }
}

export const letter = (token: number): string => ALPHABET[token] ?? '?';
/** What stands under a letter in the picture: the expected answer, or nothing where none is asked. */
export const answer = (kind: Kind, label: number, asked: number): string => (!asked ? '' : kind === 'seen' ? (label ? 'да' : 'нет') : letter(label));

export interface Result { curve: [number, number][]; outcome: Outcome; sample: Sample }
interface Packed { max: number; signed: boolean; codes: string }
export interface Recorded {
  seed: number;
  commit: string;
  results: { id: Id; steps: number[]; accuracy: number[]; outcome: Outcome; tokens: number[]; labels: number[]; asked: number[]; maps: Packed[] }[];
}
/** Maps are recorded one byte a cell, only the cells on and below the diagonal. */
export const lower = (map: ArrayLike<number>, T: number): number[] => Array.from({ length: T }, (_, t) => Array.from({ length: t + 1 }, (__, s) => map[t * T + s]!)).flat();
export function full(cells: ArrayLike<number>, T: number): Float32Array {
  const out = new Float32Array(T * T);
  for (let t = 0, i = 0; t < T; t += 1) for (let s = 0; s <= t; s += 1, i += 1) out[t * T + s] = cells[i]!;
  return out;
}
export const unpack = (r: Recorded, bytes: (p: Packed) => ArrayLike<number>): Map<Id, Result> =>
  new Map(r.results.map(({ id, steps, accuracy, outcome, maps, ...sample }) => [
    id, { curve: steps.map((s, k): [number, number] => [s, accuracy[k]!]), outcome, sample: { ...sample, maps: maps.map((m) => full(bytes(m), sample.tokens.length)) } },
  ]));
