// The recipe of models/repeat-2l, shorter, that every experiment of the chapter starts from, and ways to vary it.
import type { ModelConfig, TaskConfig, TrainConfig } from '../../../../wasm/client/types';

export const STEPS = 700;

export const RECIPE: TrainConfig & { steps: number; seed: number } = {
  model: {
    vocab: 32, context: 48, layers: 2, width: 64, heads: 4,
    mlp: 'none', norm: 'pre', norm_kind: 'rms_norm', norm_gain: false, position: 'learned',
  },
  task: { kind: 'repeat', vocab: 32, length: 48, segment_min: 8, segment_max: 24, tiled: true },
  adamw: { beta1: 0.9, beta2: 0.98, weight_decay: 0.01 },
  schedule: { kind: 'constant', learning_rate: 0.01 },
  batch: 32, steps: STEPS, clip: 1, seed: 1,
};

export interface Change {
  model?: Partial<ModelConfig>;
  task?: Partial<TaskConfig>;
  schedule?: TrainConfig['schedule'];
  batch?: number;
  steps?: number;
  seed?: number;
}

export function vary(base: TrainConfig, change: Change): TrainConfig {
  const { model, task, schedule, ...rest } = change;
  return { ...base, ...rest, model: { ...base.model, ...model }, task: { ...base.task, ...task }, schedule: { ...base.schedule, ...schedule } };
}
