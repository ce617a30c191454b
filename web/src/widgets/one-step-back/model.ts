// The smallest job that needs order: name the token before this one. One recipe, every way of telling positions.
import type { HeadRef, HeadScores, ModelConfig, RemoteEngine, TrainConfig } from '../../../../wasm/client/types';

export const SCHEMES = ['none', 'learned', 'sinusoidal', 'rope', 'alibi', 't5', 'unmasked'] as const;
export type Scheme = (typeof SCHEMES)[number];
export const NAMES: Record<Scheme, string> = {
  none: 'без кодирования', learned: 'обучаемые', sinusoidal: 'синусоиды', rope: 'RoPE', alibi: 'ALiBi', t5: 'корзины T5', unmasked: 'без кодирования и без маски',
};
export const [VOCAB, LENGTH, STEPS, EVERY] = [32, 32, 300, 20];

export function config(scheme: Scheme, layers: number, seed: number): TrainConfig & { steps: number } {
  const how: Partial<ModelConfig> = scheme === 'unmasked' ? { position: 'none', kind: 'encoder' } : { position: scheme };
  return {
    // The context is the trained length, so that heads are scored on no longer texts.
    model: { vocab: VOCAB, context: LENGTH, layers, width: 64, heads: 4, mlp: 'none', norm: 'pre', norm_kind: 'rms_norm', norm_gain: false, ...how },
    task: { kind: 'previous', vocab: VOCAB, length: LENGTH },
    adamw: { beta1: 0.9, beta2: 0.98, weight_decay: 0.01 },
    schedule: { kind: 'constant', learning_rate: 0.01 },
    batch: 32, steps: STEPS, clip: 1, seed,
  };
}

export interface Row {
  scheme: Scheme;
  layers: number;
  /** Per seed: accuracy at the end, and the largest mean weight on the token before among the heads of each layer. */
  accuracy: number[];
  previous: number[][];
  /** Of seed 1: accuracy by step, and the head that looks back most, its map on `text` in hundredths, [shown, shown]. */
  curve: number[];
  best: HeadRef;
  map: number[];
}
export interface Recorded {
  commit: string;
  seeds: number[];
  steps: number[];
  /** What no one who sees the past as a bag can exceed, and what one who sees the whole text as a bag cannot. */
  bound: { past: number; text: number };
  rows: Row[];
  text: number[];
}
export const [SHOWN, TEXT_SEED] = [12, 7];

/** The head with the largest mean weight on the token before. */
export const lookingBack = (heads: readonly HeadScores[]): HeadScores => heads.reduce((a, b) => (b.previous > a.previous ? b : a));

/** That head's map on a sequence of its own, [shown, shown]. */
export async function probe(engine: Pick<RemoteEngine, 'createModel' | 'disposeModel' | 'run' | 'taskBatch'>, asked: TrainConfig, weights: Float32Array, head: HeadRef): Promise<{ text: number[]; map: Float32Array }> {
  const { tokens } = await engine.taskBatch(asked.task, 1, TEXT_SEED);
  const text = tokens[0]!.slice(0, SHOWN);
  const { id } = await engine.createModel(asked.model, weights);
  try {
    const name = `blocks.${head.layer}.attn.pattern`;
    const { data } = (await engine.run(id, { tokens: [text], capture: [name] })).tensors[name]!;
    return { text, map: data.slice(head.head * SHOWN * SHOWN, (head.head + 1) * SHOWN * SHOWN) };
  } finally {
    await engine.disposeModel(id);
  }
}

/** The largest count in a bag over its size, mean over `draws` bags that grow from 1 to T − 1 tokens: the best guess at the token before. */
export function bagBound(next: () => number, draws: number, T = LENGTH, V = VOCAB): { past: number; text: number } {
  let [past, text, rows] = [0, 0, 0];
  for (let d = 0; d < draws; d += 1) {
    const tokens = Array.from({ length: T }, () => Math.floor(next() * V));
    const count = new Array<number>(V).fill(0);
    const all = new Array<number>(V).fill(0);
    for (const x of tokens) all[x]! += 1;
    for (let t = 1; t < T; t += 1) {
      count[tokens[t - 1]!]! += 1;
      past += Math.max(...count) / t;
      all[tokens[t]!]! -= 1; // the reader itself is known not to be its own predecessor's place
      text += Math.max(...all) / (T - 1);
      all[tokens[t]!]! += 1;
      rows += 1;
    }
  }
  return { past: past / rows, text: text / rows };
}
