// The trap of fused weights: the same numbers of the same shape, read by three conventions.
import type { RemoteEngine, TensorData } from '../../../../wasm/client/types.ts';
import { judge, type Verdict } from '../head-knockout/model.ts';
import type { Specimen } from '../specimen/specimen.ts';
import { batchOf, need, withWeights } from './subject.ts';

export const LAYOUTS = ['qkv-head', 'head-qkv', 'width-head', 'transposed-out'] as const;
export type Layout = (typeof LAYOUTS)[number];

/** Columns of the fused [D, 3·H·d] as GPT-2 keeps them: Q of all heads, K of all heads, V of all heads. */
function fused(m: Specimen, layer: number): { data: Float32Array; D: number; H: number; d: number } {
  const parts = ['Q', 'K', 'V'].map((l) => m.weights.get(`blocks.${layer}.attn.W_${l}`)!);
  const [D, H, d] = parts[0]!.shape as [number, number, number];
  const data = new Float32Array(D * 3 * H * d);
  for (let r = 0; r < D; r += 1) parts.forEach((p, k) => data.set(p.data.subarray(r * H * d, (r + 1) * H * d), (r * 3 + k) * H * d));
  return { data, D, H, d };
}

/** Which column of the fused tensor a loader of this convention takes for coordinate c of head h of part p (0 Q, 1 K, 2 V). */
const columnOf = (layout: Layout, p: number, h: number, c: number, H: number, d: number): number =>
  layout === 'head-qkv' ? (h * 3 + p) * d + c : layout === 'width-head' ? p * H * d + c * H + h : (p * H + h) * d + c;

export function reread(m: Specimen, layout: Layout): Map<string, Float32Array> {
  const out = new Map<string, Float32Array>();
  for (let layer = 0; layer < m.info.config.layers; layer += 1) {
    const { data, D, H, d } = fused(m, layer);
    (['Q', 'K', 'V'] as const).forEach((letter, p) => {
      const w = new Float32Array(D * H * d);
      for (let r = 0; r < D; r += 1) for (let h = 0; h < H; h += 1) for (let c = 0; c < d; c += 1) w[(r * H + h) * d + c] = data[r * 3 * H * d + columnOf(layout, p, h, c, H, d)]!;
      out.set(`blocks.${layer}.attn.W_${letter}`, w);
    });
    if (layout === 'transposed-out') out.set(`blocks.${layer}.attn.W_O`, transposedOut(m.weights.get(`blocks.${layer}.attn.W_O`)!));
  }
  return out;
}

/** W_O [H·d, D] is square here, as in GPT-2: transposing it changes no shape. */
function transposedOut(w: TensorData): Float32Array {
  const [H, d, D] = w.shape as [number, number, number];
  const out = new Float32Array(w.data.length);
  for (let r = 0; r < H * d; r += 1) for (let c = 0; c < D; c += 1) out[c * H * d + r] = w.data[r * D + c]!;
  return out;
}

export async function layouts(engine: RemoteEngine, m: Specimen, seed: number): Promise<Record<Layout, Verdict>> {
  const batch = await batchOf(engine, seed);
  const found: Partial<Record<Layout, Verdict>> = {};
  for (const layout of LAYOUTS)
    found[layout] = await withWeights(engine, m, reread(m, layout), async (id) => {
      const { tensors } = await engine.run(id, { tokens: batch.tokens, capture: ['logits'] });
      return judge(need(tensors, 'logits').data, m.info.config.vocab, batch.targets, batch.weights);
    });
  return found as Record<Layout, Verdict>;
}
