// Fixed data for the catalogue, by closed forms: nothing here is measured, and the page says so.

export const TOKENS = Array.from('абракадабраабракада');

/** Rows are softmax of a bump at `offset` keys back, plus a little for equal letters. */
export function pattern(tokens: string[], offset: number, sharp = 3): Float32Array {
  const T = tokens.length;
  const out = new Float32Array(T * T);
  for (let q = 0; q < T; q += 1) {
    let sum = 0;
    for (let k = 0; k <= q; k += 1) {
      const same = k > 0 && tokens[k - 1] === tokens[q] && k !== q + 1 ? 1 : 0;
      const score = sharp * (offset >= 0 ? Math.exp(-((q - k - offset) ** 2)) : same);
      sum += out[q * T + k] = Math.exp(score);
    }
    for (let k = 0; k <= q; k += 1) out[q * T + k] = (out[q * T + k] as number) / sum;
  }
  return out;
}

export function waves(rows: number, cols: number, scale = 1): Float32Array {
  return Float32Array.from({ length: rows * cols }, (_, i) => scale * Math.sin(0.7 * Math.floor(i / cols) + 1.3 * (i % cols)) * Math.cos(0.31 * i));
}

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
const STEPS = Array.from({ length: 71 }, (_, i) => 10 * i);

export const LOSS = STEPS.map((s) => [s, 1.1 + 2.4 * (1 - logistic((s - 230) / 28)) - 0.0004 * s] as const);
export const PREVIOUS = STEPS.map((s) => [s, 0.06 + 0.88 * logistic((s - 190) / 22)] as const);
export const INDUCTION = STEPS.map((s) => [s, 0.04 + 0.86 * logistic((s - 235) / 20)] as const);
export const OTHER = STEPS.map((s) => [s, 0.08 + 0.05 * Math.sin(s / 60)] as const);
