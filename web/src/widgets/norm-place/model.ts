// Pre- and post-norm: the gradient that reaches each layer at the first step, and what learning rate a depth then bears.
import type { RemoteEngine, TrainConfig } from '../../../../wasm/client/types.ts';
import { RECIPE } from '../training/recipe.ts';

export const DEPTHS = [2, 6, 12, 24] as const;
export const TRAINED = [2, 6, 12] as const;
export const PLACES = ['pre', 'post'] as const;
export const PARTS = ['ffn', 'vo', 'qk'] as const;
export const RATES = [0.002, 0.008] as const;
export const WARMUP = 100;
export const STEPS = 300;
export const EVERY = 30;
export type Place = (typeof PLACES)[number];
export type Part = (typeof PARTS)[number];

/** A task that nothing but attention can do: name the token before. Small enough to train while the reader waits. */
export const SMALL: TrainConfig = {
  model: { ...RECIPE.model, vocab: 16, context: 16, width: 32 }, task: { kind: 'previous', vocab: 16, length: 16 }, adamw: RECIPE.adamw, batch: 16,
};
export const config = (layers: number, place: Place, warm: boolean, rate: number, seed: number): TrainConfig & { steps: number } => ({
  ...SMALL, model: { ...SMALL.model, layers, norm: place, mlp: 'gelu', mlp_width: 64 },
  schedule: { kind: 'constant', learning_rate: rate, warmup: warm ? WARMUP : 0 }, clip: 0, steps: STEPS, seed,
});

const MATRICES: Record<Part, readonly string[]> = { ffn: ['mlp.W_out'], vo: ['attn.W_V', 'attn.W_O'], qk: ['attn.W_Q', 'attn.W_K'] };

/** Tensors of a safetensors file by name, as views of it. */
export function tensors(file: Uint8Array): Map<string, Float32Array> {
  const bytes = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const head = Number(bytes.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + head))) as Record<string, { data_offsets: [number, number] }>;
  return new Map(Object.entries(header).filter(([name]) => name !== '__metadata__').map(([name, { data_offsets: [from, to] }]) =>
    [name, new Float32Array(file.slice(8 + head + from, 8 + head + to).buffer)]));
}

/**
 * ‖gradient‖ of each layer's matrices at the first step. After one step AdamW's first moment is (1 − β₁) times the gradient, so that a
 * snapshot of the trainer holds the core's own backward pass.
 */
export function layerNorms(snapshot: Uint8Array, layers: number, beta1: number): Record<Part, number[]> {
  const named = tensors(snapshot);
  const squares = (name: string): number => named.get(`adamw.m.${name}`)!.reduce((s, m) => s + (m / (1 - beta1)) ** 2, 0);
  const norms = (part: Part): number[] => Array.from({ length: layers }, (_, l) => Math.sqrt(MATRICES[part].reduce((s, m) => s + squares(`blocks.${l}.${m}`), 0)));
  return { ffn: norms('ffn'), vo: norms('vo'), qk: norms('qk') };
}

export interface Inputs { layers: number; seed: number }
export interface Figure extends Inputs { pre: Record<Part, number[]>; post: Record<Part, number[]> }

type Asked = Pick<RemoteEngine, 'createTrainer' | 'train' | 'snapshot' | 'disposeTrainer'>;
export async function ask(engine: Asked, { layers, seed }: Inputs): Promise<Figure> {
  const norms = async (place: Place): Promise<Record<Part, number[]>> => {
    const { id } = await engine.createTrainer(config(layers, place, false, RATES[0], seed));
    try {
      await engine.train(id, { until: 1, every: 1 }, () => {});
      return layerNorms(await engine.snapshot(id), layers, RECIPE.adamw!.beta1!);
    } finally {
      await engine.disposeTrainer(id);
    }
  };
  return { layers, seed, pre: await norms('pre'), post: await norms('post') };
}

/** Five seeds: what they ended with, and the median of their losses on the way. */
export interface Run { layers: number; place: Place; warm: boolean; rate: number; loss: number[]; accuracy: number[]; way: number[] }
export interface Recorded { commit: string; trainedBy: string; figures: Figure[]; steps: number[]; runs: Run[] }
export const of = (r: Recorded, layers: number, place: Place, warm: boolean): Run[] => r.runs.filter((x) => x.layers === layers && x.place === place && x.warm === warm);
export const last = (xs: readonly number[]): number => xs[xs.length - 1]!;
