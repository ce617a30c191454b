// A reader's run: the base of the seed first (kept while the page is open), then the adapters.
import type { Dedicated } from '../../kit/engine.svelte';
import { adapt, trainBase, type Choice, type Point } from './model';
import type { AdaptRun } from '../../../../wasm/client/types';

const bases = new Map<number, Float32Array>();

export async function baseOf(engine: Dedicated, seed: number): Promise<Float32Array> {
  const base = bases.get(seed) ?? (await trainBase(engine, seed));
  bases.set(seed, base);
  return base;
}

/** `onEnd` is asked while the engine is still there, if the run came to its end. */
export async function runOf(engine: Dedicated, q: Choice, onPoint: (p: Point, run: AdaptRun) => boolean, onEnd: (base: Float32Array, tuned: Float32Array) => Promise<void>, from?: Float32Array): Promise<void> {
  const base = await baseOf(engine, q.seed);
  let going = true;
  const end = await adapt(engine, base, q, (p, run) => (going = onPoint(p, run)), from);
  if (going && end.weights) await onEnd(base, end.weights);
}
