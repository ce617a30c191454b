// The weights of ru-small as plain arrays: what the step-by-step figures read a number's operands from.
import type { ModelInfo, TensorData } from '../../../../wasm/client/types.ts';

/** One block's matrices, row-major; every one maps a row vector: y = x·W. */
export interface Block {
  ln1: Float32Array; // [D]
  q: Float32Array; // [D, H·d]
  k: Float32Array;
  v: Float32Array;
  o: Float32Array; // [H·d, D]
  ln2: Float32Array; // [D]
  gate: Float32Array; // [D, M]
  up: Float32Array;
  down: Float32Array; // [M, D]
}

export interface Net {
  vocab: number; // V
  context: number;
  layers: number; // L
  width: number; // D
  heads: number; // H
  head: number; // d
  inner: number; // M
  epsilon: number;
  ropeBase: number;
  scale: number; // 1/√d
  embed: Float32Array; // [V, D], also the unembedding
  blocks: Block[];
  last: Float32Array; // [D], gain of the final norm
}

/** Refuses a model of another kind: the formulas of the chapter are those of this one. */
export function readNet(info: ModelInfo, tensors: Map<string, TensorData>): Net {
  const c = info.config;
  const fits = c.norm === 'pre' && c.norm_kind === 'rms_norm' && c.position === 'rope' && c.mlp === 'swiglu' && c.tied === true && (c.kv_heads ?? 0) % c.heads === 0;
  if (!fits) throw new Error('Эта модель устроена иначе, чем ru-small: пошаговый разбор написан для RMSNorm, RoPE и SwiGLU');
  const get = (name: string): Float32Array => {
    const found = tensors.get(name);
    if (!found) throw new Error(`В файле модели нет тензора ${name}`);
    return found.data;
  };
  const head = (c.head_width as number) || c.width / c.heads;
  return {
    vocab: c.vocab, context: c.context, layers: c.layers, width: c.width, heads: c.heads, head,
    inner: (c.mlp_width as number) || 4 * c.width,
    epsilon: (c.norm_epsilon as number) ?? 1e-5, ropeBase: (c.rope_base as number) ?? 10000,
    scale: (c.scale as number) || 1 / Math.sqrt(head),
    embed: get('embed.W_E'),
    blocks: Array.from({ length: c.layers }, (_, l) => {
      const at = (name: string): Float32Array => get(`blocks.${l}.${name}`);
      return { ln1: at('ln1.w'), q: at('attn.W_Q'), k: at('attn.W_K'), v: at('attn.W_V'), o: at('attn.W_O'), ln2: at('ln2.w'), gate: at('mlp.W_gate'), up: at('mlp.W_in'), down: at('mlp.W_out') };
    }),
    last: get('ln_final.w'),
  };
}

export type Vector = Float64Array;
type Numbers = ArrayLike<number>;

/** x·W: x [n], W [n, m]. */
export function times(x: Numbers, w: Float32Array, m: number): Vector {
  const out = new Float64Array(m);
  for (let i = 0; i < x.length; i += 1) {
    const a = x[i] as number;
    for (let j = 0; j < m; j += 1) out[j]! += a * (w[i * m + j] as number);
  }
  return out;
}

export const dot = (a: Numbers, b: Numbers, n = a.length, fromA = 0, fromB = 0): number => {
  let sum = 0;
  for (let i = 0; i < n; i += 1) sum += (a[fromA + i] as number) * (b[fromB + i] as number);
  return sum;
};

/** RMSNorm of one row: x / √(mean x² + ε) ∘ g. */
export function rmsNorm(x: Numbers, gain: Numbers, epsilon: number): Vector {
  const r = 1 / rootMeanSquare(x, epsilon);
  return Float64Array.from(x, (v, i) => v * r * (gain[i] as number));
}
export const rootMeanSquare = (x: Numbers, epsilon: number): number => Math.sqrt(dot(x, x) / x.length + epsilon);

/** The angle of pair i at position t. */
export const angle = (net: Net, t: number, i: number): number => t * net.ropeBase ** ((-2 * i) / net.head);

/** R_t x for one head: pairs (i, i + d/2) turned by `angle`. */
export function rotate(net: Net, x: Numbers, t: number): Vector {
  const half = net.head / 2;
  const out = new Float64Array(net.head);
  for (let i = 0; i < half; i += 1) {
    const [cos, sin] = [Math.cos(angle(net, t, i)), Math.sin(angle(net, t, i))];
    const [a, b] = [x[i] as number, x[i + half] as number];
    out[i] = a * cos - b * sin;
    out[i + half] = a * sin + b * cos;
  }
  return out;
}

export function softmax(scores: Numbers, temperature = 1): Vector {
  let top = -Infinity;
  for (let i = 0; i < scores.length; i += 1) top = Math.max(top, scores[i] as number);
  const e = Float64Array.from(scores, (s) => Math.exp((s - top) / temperature));
  const sum = e.reduce((a, b) => a + b, 0);
  return e.map((x) => x / sum);
}

export const silu = (x: number): number => x / (1 + Math.exp(-x));
