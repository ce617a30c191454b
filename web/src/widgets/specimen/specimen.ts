// The shipped two-layer model that every figure of chapter 1 takes apart: opened once per page,
// with its weights at hand as plain matrices.
import type { HeadRef, ModelInfo, RemoteEngine, TensorData } from '../../../../wasm/client/types.ts';
import { readSafetensors } from './safetensors.ts';
import { download, NO_WEIGHTS } from '../../lib/download.ts';

export const FILE = 'models/repeat-2l.safetensors';

export interface Specimen {
  id: number;
  info: ModelInfo;
  weights: Map<string, TensorData>;
}

/** Row-major, [rows, cols]. */
export interface Matrix {
  rows: number;
  cols: number;
  data: Float64Array;
}

export async function openSpecimen(engine: RemoteEngine, bytes: Uint8Array): Promise<Specimen> {
  const weights = readSafetensors(bytes);
  const info = await engine.loadModel(bytes);
  return { id: info.id, info, weights };
}

let opened: Promise<Specimen> | undefined;

/** In the page: fetched once; a failed download is tried again by the next figure that asks. */
export function specimen(engine: RemoteEngine): Promise<Specimen> {
  opened ??= download(FILE, NO_WEIGHTS).then((bytes) => openSpecimen(engine, bytes)).catch((reason: unknown) => {
    opened = undefined;
    throw reason;
  });
  return opened;
}

export const headWidth = (m: Specimen): number => m.weights.get('blocks.0.attn.W_Q')?.shape[2] ?? 0;

/** One head's factors: W_Q, W_K, W_V are [D, d], W_O is [d, D]. */
export function headMatrices(weights: Map<string, TensorData>, { layer, head }: HeadRef): Record<'q' | 'k' | 'v' | 'o', Matrix> {
  const get = (letter: string): TensorData => {
    const found = weights.get(`blocks.${layer}.attn.W_${letter}`);
    if (!found) throw new Error(`no W_${letter} in layer ${layer}`);
    return found;
  };
  const read = (letter: string): Matrix => {
    const { shape: [D, H, d], data } = get(letter) as { shape: [number, number, number]; data: Float32Array };
    const m = zeros(D, d);
    for (let i = 0; i < D; i += 1) for (let c = 0; c < d; c += 1) m.data[i * d + c] = data[(i * H + head) * d + c] as number;
    return m;
  };
  const { shape: [, d, D], data } = get('O') as { shape: [number, number, number]; data: Float32Array };
  return { q: read('Q'), k: read('K'), v: read('V'), o: { rows: d, cols: D, data: Float64Array.from(data.subarray(head * d * D, (head + 1) * d * D)) } };
}

export const zeros = (rows: number, cols: number): Matrix => ({ rows, cols, data: new Float64Array(rows * cols) });

export function transpose(a: Matrix): Matrix {
  const out = zeros(a.cols, a.rows);
  for (let i = 0; i < a.rows; i += 1) for (let j = 0; j < a.cols; j += 1) out.data[j * a.rows + i] = a.data[i * a.cols + j] as number;
  return out;
}

export function matmul(a: Matrix, b: Matrix): Matrix {
  if (a.cols !== b.rows) throw new Error(`matmul: [${a.rows}, ${a.cols}] · [${b.rows}, ${b.cols}]`);
  const out = zeros(a.rows, b.cols);
  for (let i = 0; i < a.rows; i += 1)
    for (let k = 0; k < a.cols; k += 1) {
      const x = a.data[i * a.cols + k] as number;
      for (let j = 0; j < b.cols; j += 1) out.data[i * b.cols + j]! += x * (b.data[k * b.cols + j] as number);
    }
  return out;
}

/** From a captured [B, T, H, d] (or [B, T, D] with H = 1): one head of one sequence, [T, d]. */
export function headRows(t: TensorData, head: number, sequence = 0): Float32Array {
  const [, T, H, d] = (t.shape.length === 4 ? t.shape : [t.shape[0], t.shape[1], 1, t.shape[2]]) as [number, number, number, number];
  const out = new Float32Array(T * d);
  for (let i = 0; i < T; i += 1) out.set(t.data.subarray(((sequence * T + i) * H + head) * d, ((sequence * T + i) * H + head + 1) * d), i * d);
  return out;
}

/** From a captured [B, H, T, S]: one head's map. */
export function headMap(t: TensorData, head: number, sequence = 0): Float32Array {
  const [, H, T, S] = t.shape as [number, number, number, number];
  return t.data.slice((sequence * H + head) * T * S, (sequence * H + head + 1) * T * S);
}

export const softmax = (row: ArrayLike<number>): number[] => {
  const z = Array.from(row);
  const top = Math.max(...z);
  const e = z.map((x) => Math.exp(x - top));
  const sum = e.reduce((a, b) => a + b, 0);
  return e.map((x) => x / sum);
};

export const largestGap = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let gap = 0;
  for (let i = 0; i < a.length; i += 1) gap = Math.max(gap, Math.abs((a[i] as number) - (b[i] as number)));
  return gap;
};
