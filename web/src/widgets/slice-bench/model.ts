// Three ways to be rid of heads — a mask over their outputs, zeros in W_O, the rows cut out — and what each saves: weights, bytes, time.
import type { HeadRef, ModelConfig, RemoteEngine, Sequences } from '../../../../wasm/client/types.ts';
import { median } from '../../lib/statistics.ts';
import { exam, HEADS, LAYERS } from '../pruning/subject.ts';

export const WAYS = ['whole', 'mask', 'fold', 'slice'] as const;
export type Way = (typeof WAYS)[number];
export const BATCHES = [1, 16, 128] as const;
export type Batch = (typeof BATCHES)[number];
export const REPEATS = 25;

export interface Inputs { gone: number; batch: Batch }
export interface Line { parameters: number; bytes: number; /** Median, ms. */ ms: number }
export interface Figure extends Inputs {
  lines: Record<Way, Line>;
  /** Largest difference of a logit among mask, fold and slice. */
  apart: number;
  loss: number;
}

/** The same number from every layer, the cheapest first: a configuration knows one number of heads for all layers. */
export function cheapest(prices: ArrayLike<number>, gone: number): HeadRef[] {
  return Array.from({ length: LAYERS }, (_, layer) => Array.from({ length: HEADS }, (_h, head) => ({ layer, head }))
    .sort((a, b) => prices[layer * HEADS + a.head]! - prices[layer * HEADS + b.head]!).slice(0, gone)).flat();
}

const parameters = (weights: Float32Array): number => weights.length;

interface Variant { way: Way; id: number; off: HeadRef[]; parameters: number; bytes: number; own: boolean }
async function variants(engine: RemoteEngine, model: { id: number; config: ModelConfig }, off: HeadRef[]): Promise<Variant[]> {
  const whole = await engine.pruneHeads(model.id, { remove: [] });
  const file = (await engine.saveModel(model.id)).byteLength;
  const out: Variant[] = [
    { way: 'whole', id: model.id, off: [], parameters: parameters(whole.weights), bytes: file, own: false },
    { way: 'mask', id: model.id, off, parameters: parameters(whole.weights), bytes: file, own: false },
  ];
  for (const way of ['fold', 'slice'] as const) {
    const { config, weights } = await engine.pruneHeads(model.id, { remove: off, slice: way === 'slice' });
    const { id } = await engine.createModel(config, weights);
    out.push({ way, id, off: [], parameters: parameters(weights), bytes: (await engine.saveModel(id)).byteLength, own: true });
  }
  return out;
}

const run = (engine: RemoteEngine, v: Variant, tokens: Sequences, capture: string[]) =>
  engine.run(v.id, { tokens, capture, ...(v.off.length > 0 && { ablate: { heads: v.off, how: 'zero' as const } }) });

/** What one timed stretch lasts at least, ms: a page's clock ticks in tenths of a millisecond, and one short run would be read as one tick or two. */
const STRETCH = 4;

/** The ways take turns, so that whatever slows the machine slows them alike; the first round warms up and tells how many runs make a stretch. */
async function race(engine: RemoteEngine, all: readonly Variant[], tokens: Sequences, repeats: number, now: () => number, signal?: AbortSignal): Promise<number[]> {
  const times = all.map((): number[] => []);
  let runs = 1;
  for (let round = 0; round <= repeats; round += 1) {
    signal?.throwIfAborted();
    for (const [i, v] of all.entries()) {
      const start = now();
      for (let k = 0; k < runs; k += 1) await run(engine, v, tokens, []);
      times[i]!.push((now() - start) / runs);
    }
    if (round > 0) continue;
    const quickest = Math.min(...times.map((t) => t.pop()!));
    runs = Math.min(16, Math.max(1, Math.ceil(STRETCH / Math.max(quickest, 0.1))));
  }
  return times.map((t) => median(t));
}

export async function ask(engine: RemoteEngine, model: { id: number; config: ModelConfig }, { gone, batch }: Inputs, options: { repeats?: number; signal?: AbortSignal } = {}): Promise<Figure> {
  const prices = (await engine.headImportance(model.id, { ...exam(5001), gradient: false, zero: true })).zero!.data;
  const all = await variants(engine, model, cheapest(prices, gone));
  try {
    const { tokens } = await engine.taskBatch(exam(1).task, batch, 1);
    const logits: Float32Array[] = [];
    for (const v of all.slice(1)) logits.push((await run(engine, v, tokens, ['logits'])).tensors.logits!.data);
    const apart = Math.max(...logits.slice(1).map((l) => l.reduce((most, x, i) => Math.max(most, Math.abs(x - logits[0]![i]!)), 0)));
    const { loss } = await engine.headImportance(model.id, { ...exam(1), gone: cheapest(prices, gone), gradient: false, zero: false });
    const ms = await race(engine, all, tokens, options.repeats ?? REPEATS, () => performance.now(), options.signal);
    const lines = Object.fromEntries(all.map((v, i) => [v.way, { parameters: v.parameters, bytes: v.bytes, ms: ms[i]! }])) as Figure['lines'];
    return { gone, batch, lines, apart, loss };
  } finally {
    for (const v of all) if (v.own) await engine.disposeModel(v.id);
  }
}

/** Time by that of the whole model in the same rounds. */
export const relative = (f: Figure, way: Way): number => f.lines[way].ms / f.lines.whole.ms;

export interface Session { gone: number; batch: Batch; mask: number; fold: number; slice: number }
export interface Recorded { commit: string; machine: string; figure: Figure; sessions: Session[]; sizes: Record<string, { parameters: number; bytes: number }> }
