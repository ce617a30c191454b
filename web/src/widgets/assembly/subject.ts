// The models chapter 6 experiments on: the shipped specimen, or one trained on the spot by the recipe of chapter 7.
import type { ModelInfo, RemoteEngine, Sequences, TensorData } from '../../../../wasm/client/types.ts';
import { BATCH, TASK } from '../head-knockout/model.ts';
import { specimen, zeros, type Matrix, type Specimen } from '../specimen/specimen.ts';
import { RECIPE, vary } from '../training/recipe.ts';

/** 0 is the specimen; n the model of the recipe from seed n. */
export const MODELS = [0, 1, 2, 3, 4, 5] as const;
export const modelName = (n: number): string => (n === 0 ? 'образец' : `зерно ${n}`);

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

export const weightsOf = (info: ModelInfo, flat: Float32Array): Map<string, TensorData> =>
  new Map(info.parameters.map((p) => [p.name, { shape: p.shape, data: flat.slice(p.offset, p.offset + size(p.shape)) }]));

/** All weights in the engine's order, some of them changed. */
export function flatWeights(m: Specimen, changed: ReadonlyMap<string, Float32Array>): Float32Array {
  const flat = new Float32Array(Math.max(...m.info.parameters.map((p) => p.offset + size(p.shape))));
  for (const p of m.info.parameters) flat.set(changed.get(p.name) ?? m.weights.get(p.name)!.data, p.offset);
  return flat;
}

/** Ask something of the model with some weights changed; the changed model lives only that long. */
export async function withWeights<R>(engine: RemoteEngine, m: Specimen, changed: ReadonlyMap<string, Float32Array>, ask: (id: number) => Promise<R>): Promise<R> {
  const { id } = await engine.createModel(m.info.config, flatWeights(m, changed));
  try {
    return await ask(id);
  } finally {
    await engine.disposeModel(id);
  }
}

/** Trains in `trainer` (a worker of its own in the page) and opens the result in `engine`. */
export async function train(engine: RemoteEngine, trainer: RemoteEngine, seed: number): Promise<Specimen> {
  const { id } = await trainer.createTrainer(vary(RECIPE, { seed }));
  let flat: Float32Array | undefined;
  await trainer.train(id, { until: RECIPE.steps, every: RECIPE.steps, keepWeights: true }, (p) => { flat = p.weights ?? flat; });
  await trainer.disposeTrainer(id);
  if (!flat) throw new Error('the trainer sent no weights');
  const info = await engine.createModel(RECIPE.model, flat);
  return { id: info.id, info, weights: weightsOf(info, flat) };
}

const trained = new Map<number, Promise<Specimen>>();

/** In the page: each seed is trained once, whichever figure asks first. */
export function fresh(engine: RemoteEngine, dedicated: () => Promise<RemoteEngine & { terminate(): void }>, seed: number): Promise<Specimen> {
  const found = trained.get(seed);
  if (found) return found;
  const made = (async () => {
    const worker = await dedicated();
    try {
      return await train(engine, worker, seed);
    } finally {
      worker.terminate();
    }
  })();
  trained.set(seed, made);
  made.catch(() => trained.delete(seed));
  return made;
}

/** What a figure of this chapter asks: the specimen or a trained model, in the page's engine. */
export const subject = (engine: RemoteEngine, access: { dedicated: () => Promise<RemoteEngine & { terminate(): void }> }, model: number): Promise<Specimen> =>
  model === 0 ? specimen(engine) : fresh(engine, access.dedicated, model);

export interface Batch { tokens: Sequences; targets: Sequences; weights: number[][] }
/** Thirty-two strings of sixteen random letters repeated; only places whose next letter the repeat determines count. */
export const batchOf = (engine: RemoteEngine, seed: number): Promise<Batch> => engine.taskBatch(TASK, BATCH, seed);

/** The places that count, as [sequence, place, target]. */
export const counted = (batch: Batch): [number, number, number][] =>
  batch.targets.flatMap((row, b) => row.flatMap((target, t) => (batch.weights[b]![t] ? [[b, t, target] as [number, number, number]] : [])));

export const need = (tensors: Record<string, TensorData>, name: string): TensorData => {
  const found = tensors[name];
  if (!found) throw new Error(`the engine sent no ${name}`);
  return found;
};

/** One row [D] of a captured [B, T, D], or of head `head` in [B, T, H, D]. */
export function rowOf(t: TensorData, b: number, place: number, head = 0): Float32Array {
  const [, T, H, D] = (t.shape.length === 4 ? t.shape : [t.shape[0], t.shape[1], 1, t.shape[2]]) as [number, number, number, number];
  const at = ((b * T + place) * H + head) * D;
  return t.data.subarray(at, at + D);
}

export const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += (a[i] as number) * (b[i] as number);
  return sum;
};
export const norm = (a: ArrayLike<number>): number => Math.sqrt(dot(a, a));

/** W_U with the mean over letters taken out of every row: [D, V]. What all letters gain alike changes no probability. */
export function centredUnembedding(m: Specimen): Matrix {
  const w = m.weights.get('unembed.W_U');
  if (!w) throw new Error('the model has no unembedding of its own');
  const [D, V] = w.shape as [number, number];
  const out = zeros(D, V);
  for (let i = 0; i < D; i += 1) {
    let sum = 0;
    for (let v = 0; v < V; v += 1) sum += w.data[i * V + v] as number;
    for (let v = 0; v < V; v += 1) out.data[i * V + v] = (w.data[i * V + v] as number) - sum / V;
  }
  return out;
}
export const column = (m: Matrix, c: number): Float64Array => Float64Array.from({ length: m.rows }, (_, i) => m.data[i * m.cols + c] as number);

export { median, ranks, spearman } from '../../lib/statistics.ts';
