// What several tests train: the recipe of models/repeat-2l, shorter.
export const recipe = (seed = 1, changes = {}) => ({
  model: {
    vocab: 32, context: 48, layers: 2, width: 64, heads: 4,
    position: 'learned', norm: 'pre', norm_kind: 'rms_norm', norm_gain: false,
    ...changes.model,
  },
  task: { kind: 'repeat', vocab: 32, length: 48, segment_min: 8, segment_max: 24, ...changes.task },
  adamw: { beta1: 0.9, beta2: 0.98 },
  schedule: { learning_rate: 1e-2 },
  batch: changes.batch ?? 32,
  steps: 700,
  seed,
});

/** A model small enough to make in a millisecond. */
export const tiny = { vocab: 5, context: 6, layers: 2, width: 8, heads: 2 };

export const variants = ['simd', 'scalar'];
