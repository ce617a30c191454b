// Counter-experiments: where the induction head must not appear, and where the task is solved without it. Each states its
// expectation and what would refute it before it runs; the verdict is computed from the run.
import type { RemoteEngine, TrainConfig } from '../../../../wasm/client/types';
import { RECIPE, vary, type Change } from '../training/recipe.ts';
import { best, name, type Births, type Sample } from '../training/samples.ts';
import { evaluationBatch, measure, type Verdict } from '../training/score.ts';

export type Id = 'base' | 'layer' | 'uniform' | 'positions' | 'smeared' | 'offset' | 'quiet';

export interface Outcome {
  /** Task accuracy at the end, on the run's own data. */
  accuracy: number;
  loss: number;
  /** Best scores by the random-repeat protocol, the same for every condition. */
  previous: { head: string; value: number };
  induction: { head: string; value: number };
  /** The trained model on repeats at random distances. */
  elsewhere: Verdict;
}

export interface Condition {
  id: Id;
  title: string;
  change: Change;
  expect: string;
  refute: string;
  /** True when the run came out as expected. */
  holds: (o: Outcome) => boolean;
}

const ABSENT = 0.5;

export const CONDITIONS: readonly Condition[] = [
  {
    id: 'layer', title: 'Один слой', change: { model: { layers: 1 } },
    expect: 'Ключ не знает предыдущей буквы: точность на повторе останется ниже 0,5, индукционной головы не будет.',
    refute: 'Точность выше 0,5 или показатель индукции выше 0,5.',
    holds: (o) => o.accuracy < 0.5 && o.induction.value < ABSENT,
  },
  {
    id: 'uniform', title: 'Без повторов', change: { task: { kind: 'uniform', loss_on_all: true } },
    expect: 'Буквы независимы, учить нечего: потери встанут у ln 32 ≈ 3,47, ни одна голова не получит роли.',
    refute: 'Показатель предыдущего токена или индукции выше 0,5.',
    holds: (o) => o.previous.value < ABSENT && o.induction.value < ABSENT,
  },
  {
    id: 'positions', title: 'Без позиций', change: { model: { position: 'none' } },
    expect: 'Без позиций «предыдущего» нет: голове предыдущего токена не на что опереться, точность ниже 0,5.',
    refute: 'Точность выше 0,5 или показатель предыдущего токена выше 0,5.',
    holds: (o) => o.accuracy < 0.5 && o.previous.value < ABSENT,
  },
  {
    id: 'smeared', title: 'Смешанные ключи', change: { model: { layers: 1, smeared_keys: true } },
    expect: 'Слой один, но ключу отдана предыдущая буква — хватит одного слоя: точность выше 0,5, индукционная голова есть.',
    refute: 'Точность ниже 0,5 или показатель индукции ниже 0,5.',
    holds: (o) => o.accuracy >= 0.5 && o.induction.value >= ABSENT,
  },
  {
    id: 'offset', title: 'Постоянный сдвиг', change: { model: { layers: 1 }, task: { fixed_offset: true } },
    expect: 'Слой один, и это ловушка: точность на своих данных около 1 без индукции — голова запомнит расстояние; на случайных расстояниях ответ пропадёт.',
    refute: 'Точность на своих данных ниже 0,9, или точность на случайных расстояниях выше 0,5.',
    holds: (o) => o.accuracy >= 0.9 && o.elsewhere.accuracy < 0.5,
  },
  {
    id: 'quiet', title: 'Тихие буквы', change: { model: { init_std: 0.125 } },
    expect: 'Эмбеддинги букв начинают в восемь раз тише, вровень с позициями (выходные проекции — вдвое): точность встанет у простого голосования по одной букве (0,875), головы предыдущего токена не будет.',
    refute: 'Показатель предыдущего токена выше 0,5 или точность выше 0,9.',
    holds: (o) => o.previous.value < ABSENT && o.accuracy >= 0.5 && o.accuracy < 0.9,
  },
];
export const BASE: Pick<Condition, 'id' | 'title' | 'change'> = { id: 'base', title: 'Рецепт без изменений', change: {} };
export const condition = (id: Id): Condition | undefined => CONDITIONS.find((c) => c.id === id);
export const EVERY = 25;

export const config = (change: Change, seed: number): TrainConfig => vary(RECIPE, { ...change, seed });

/** Same questions to every trained model: the random-repeat protocol and repeats at random distances. */
export async function outcome(engine: RemoteEngine, trained: TrainConfig, weights: Float32Array, last: Sample): Promise<Outcome> {
  const { id } = await engine.createModel(trained.model, weights);
  try {
    const { heads } = await engine.headScores(id, { batch: 32, half: 24, seed: 1 });
    const probe: Sample = { ...last, heads };
    const [p, i] = [best(probe, 'previous')!, best(probe, 'induction')!];
    const elsewhere = await measure(engine, id, trained.model.vocab, await evaluationBatch(engine, RECIPE.task, 64, 1));
    return { accuracy: last.accuracy, loss: last.loss, previous: { head: name(p), value: p.previous }, induction: { head: name(i), value: i.induction }, elsewhere };
  } finally {
    await engine.disposeModel(id);
  }
}

export interface Result { curve: [number, number][]; births?: Births; outcome: Outcome }
export interface Recorded { seed: number; commit: string; results: { id: Id; steps: number[]; accuracy: number[]; outcome: Outcome }[] }
export const unpack = (r: Recorded): Map<Id, Result> =>
  new Map(r.results.map(({ id, steps, accuracy, outcome: o }) => [id, { curve: steps.map((s, k) => [s, accuracy[k]!]), outcome: o }]));
