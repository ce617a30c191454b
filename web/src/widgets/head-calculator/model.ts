// What the head counts of a model cost: weights of attention, the KV cache, and the work and reading behind one new token.
// Plain arithmetic in closed form; configurations from the published config files (the chapter's table cites them).

/** Latent attention (DeepSeek-V2): one latent of `latent` numbers per token and a shared rotary key; keys and values are made from it. */
export interface Latent { latent: number; rope: number; key: number; value: number; queryRank: number }

export interface Shape {
  layers: number;
  width: number;
  heads: number;
  kvHeads: number;
  headWidth: number;
  latent?: Latent;
}
export interface Preset extends Shape { id: string; name: string }

export const PRESETS: readonly Preset[] = [
  { id: 'gpt2', name: 'GPT-2 small', layers: 12, width: 768, heads: 12, kvHeads: 12, headWidth: 64 },
  { id: 'gpt2-xl', name: 'GPT-2 XL', layers: 48, width: 1600, heads: 25, kvHeads: 25, headWidth: 64 },
  { id: 'gpt3', name: 'GPT-3 175B', layers: 96, width: 12288, heads: 96, kvHeads: 96, headWidth: 128 },
  { id: 'palm', name: 'PaLM 540B', layers: 118, width: 18432, heads: 48, kvHeads: 1, headWidth: 256 },
  { id: 'llama2-7b', name: 'Llama 2 7B', layers: 32, width: 4096, heads: 32, kvHeads: 32, headWidth: 128 },
  { id: 'llama2-70b', name: 'Llama 2 70B', layers: 80, width: 8192, heads: 64, kvHeads: 8, headWidth: 128 },
  { id: 'falcon-7b', name: 'Falcon 7B', layers: 32, width: 4544, heads: 71, kvHeads: 1, headWidth: 64 },
  { id: 'mistral-7b', name: 'Mistral 7B', layers: 32, width: 4096, heads: 32, kvHeads: 8, headWidth: 128 },
  { id: 'llama3-8b', name: 'Llama 3 8B', layers: 32, width: 4096, heads: 32, kvHeads: 8, headWidth: 128 },
  { id: 'llama31-405b', name: 'Llama 3.1 405B', layers: 126, width: 16384, heads: 128, kvHeads: 8, headWidth: 128 },
  { id: 'qwen2-05b', name: 'Qwen2 0.5B', layers: 24, width: 896, heads: 14, kvHeads: 2, headWidth: 64 },
  { id: 'qwen3-32b', name: 'Qwen3 32B', layers: 64, width: 5120, heads: 64, kvHeads: 8, headWidth: 128 },
  { id: 'gemma-7b', name: 'Gemma 7B', layers: 28, width: 3072, heads: 16, kvHeads: 16, headWidth: 256 },
  { id: 'deepseek-v3', name: 'DeepSeek-V3', layers: 61, width: 7168, heads: 128, kvHeads: 128, headWidth: 128, latent: { latent: 512, rope: 64, key: 192, value: 128, queryRank: 1536 } },
  { id: 'smollm2', name: 'SmolLM2 135M', layers: 30, width: 576, heads: 9, kvHeads: 3, headWidth: 64 },
];

export interface Costs {
  /** Weights of W_Q, W_K, W_V, W_O in one layer and in all. */
  layerWeights: number;
  weights: number;
  /** Numbers and bytes kept per token, all layers. */
  perToken: number;
  perTokenBytes: number;
  /** Bytes of the whole cache: context × batch. */
  cacheBytes: number;
  /** Multiplications and additions for one new token of one sequence: projections; scores and mixing over the context. */
  projectionFlops: number;
  contextFlops: number;
}

// #region head-costs
/** P = d·D·(2 n_q + 2 n_kv); for latent attention the five matrices of the published code. */
export function layerWeights(s: Shape): number {
  const m = s.latent;
  if (!m) return s.width * s.headWidth * 2 * (s.heads + s.kvHeads);
  const query = s.width * m.queryRank + m.queryRank * s.heads * m.key;
  const latent = s.width * (m.latent + m.rope) + m.latent * s.heads * (m.key - m.rope + m.value);
  return query + latent + s.heads * m.value * s.width;
}

export function costs(s: Shape, context: number, batch: number, bytes: number): Costs {
  const perLayer = s.latent ? s.latent.latent + s.latent.rope : 2 * s.kvHeads * s.headWidth;
  // One query against `context` keys: d multiply-adds per key for the score and as many for the mix, per query head.
  // Latent attention with its matrices absorbed scores in latent + rope dimensions and mixes in latent ones.
  const perKey = s.latent ? 2 * s.latent.latent + s.latent.rope : 2 * s.headWidth;
  const weights = layerWeights(s);
  return {
    layerWeights: weights,
    weights: weights * s.layers,
    perToken: perLayer * s.layers,
    perTokenBytes: perLayer * s.layers * bytes,
    cacheBytes: perLayer * s.layers * bytes * context * batch,
    projectionFlops: 2 * weights * s.layers,
    contextFlops: 2 * perKey * s.heads * context * s.layers,
  };
}
// #endregion

/** The same model with another way of keeping keys and values. */
export interface Twin { id: 'own' | 'mha' | 'gqa' | 'mqa' | 'mla'; label: string; shape: Shape }
export function twins(p: Shape): Twin[] {
  const { latent: _, ...plain } = p;
  const wide = { ...plain, kvHeads: p.heads };
  const list: Twin[] = [{ id: 'mha', label: 'MHA: у каждой головы своё', shape: wide }];
  if (p.heads % 8 === 0 && p.heads > 8) list.push({ id: 'gqa', label: 'GQA: восемь наборов', shape: { ...plain, kvHeads: 8 } });
  list.push({ id: 'mqa', label: 'MQA: один на всех', shape: { ...plain, kvHeads: 1 } });
  // The latent of DeepSeek-V3 set against the head of this model: 4 d for the latent, d / 2 for the rotary key.
  const latent = p.latent ?? { latent: 4 * p.headWidth, rope: p.headWidth / 2, key: 1.5 * p.headWidth, value: p.headWidth, queryRank: p.width };
  list.push({ id: 'mla', label: 'MLA: один скрытый вектор', shape: { ...wide, latent } });
  return list;
}
export const divisors = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1).filter((k) => n % k === 0);

const UNITS = ['байт', 'КиБ', 'МиБ', 'ГиБ', 'ТиБ'];
/** Bytes in binary units: 63 ГиБ, 36 КиБ. */
export function inBytes(x: number): { value: number; unit: string } {
  let [value, k] = [x, 0];
  while (value >= 1024 && k < UNITS.length - 1) [value, k] = [value / 1024, k + 1];
  return { value, unit: UNITS[k]! };
}
export const largeNumber = (x: number): { value: number; unit: string } =>
  x >= 1e12 ? { value: x / 1e12, unit: 'трлн' } : x >= 1e9 ? { value: x / 1e9, unit: 'млрд' } : x >= 1e6 ? { value: x / 1e6, unit: 'млн' } : { value: x / 1e3, unit: 'тыс.' };
