// What could stand in for the second and the third head: width, a nonlinear reader, depth, a vote of models trained apart.
import type { ModelConfig, RemoteEngine, TrainConfig } from '../../../../wasm/client/types.ts';
import { config as sixBits, cut, digitAccuracy, STEPS, VOCAB, WIDTH, type Batch, type Shape } from '../six-bits/model.ts';

/** The answer is gathered from three places in every run of this experiment. */
export const PLACES = 3;
export const LONG = 1800;

export interface Way { id: string; title: string; words: string; shape: Shape; steps?: number; members?: number }
export const WAYS: readonly Way[] = [
  { id: 'three', title: '3 головы × 16', words: 'один слой, три головы', shape: cut(3) },
  { id: 'one', title: '1 голова × 48', words: 'один слой, одна голова, весов столько же', shape: cut(1) },
  { id: 'wide', title: '1 голова × 144', words: 'одна голова втрое шире: весов внимания втрое больше', shape: { heads: 1, headWidth: 3 * WIDTH } },
  { id: 'mlp', title: '1 × 48 и FFN', words: 'одна голова, а за ней нелинейный читатель — полносвязный блок ширины 192', shape: { heads: 1, headWidth: WIDTH, mlpWidth: 4 * WIDTH } },
  { id: 'deep', title: '3 слоя по 1 × 16', words: 'те же три узкие головы, но одна за другой', shape: { layers: 3, heads: 1, headWidth: WIDTH / 3 } },
  { id: 'vote', title: 'три модели порознь', words: 'три модели с одной головой обучены отдельно, их логиты сложены', shape: cut(1), members: 3 },
  { id: 'long', title: '1 × 48, дольше', words: 'одна голова и втрое больше шагов', shape: cut(1), steps: LONG },
];
export const way = (id: string): Way => WAYS.find((w) => w.id === id)!;

export const config = (w: Way, seed: number): TrainConfig & { steps: number; model: ModelConfig } => sixBits(PLACES, w.shape, seed, w.steps ?? STEPS);

/** Weights of the attention layers: 4 · D · h · d each. */
export const attentionWeights = ({ shape: { layers = 1, heads, headWidth } }: Way): number => layers * 4 * WIDTH * heads * headWidth;
/** Rows of attention that every answer is made from. */
export const distributions = ({ shape: { layers = 1, heads }, members = 1 }: Way): number => layers * heads * members;

export interface Verdict { whole: number; digits: number[] }

/** Accuracy of the sum of the members' logits on held-out sequences. */
export async function vote(engine: RemoteEngine, model: ModelConfig, members: readonly Float32Array[], batch: Batch): Promise<Verdict> {
  const sum = new Float32Array(batch.tokens.length * batch.tokens[0]!.length * VOCAB);
  for (const weights of members) {
    const { id } = await engine.createModel(model, weights);
    const { tensors } = await engine.run(id, { tokens: batch.tokens, capture: ['logits'] });
    await engine.disposeModel(id);
    const logits = tensors.logits!.data;
    if (logits.length !== sum.length) throw new Error('the members and the batch do not agree');
    logits.forEach((v, i) => void (sum[i]! += v));
  }
  return digitAccuracy(sum, batch, PLACES);
}

export interface Recorded {
  commit: string;
  seeds: number[];
  ways: { id: string; accuracy: number[]; digits: number[][]; steps: number[]; curve: number[] }[];
}
