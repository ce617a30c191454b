// Gates in front of sixteen heads, trained against a price per open head.
import type { GateOptions, GateRun, RemoteEngine } from '../../../../wasm/client/types.ts';
import { nameOf, short } from '../pruning/orders.ts';
import { exam, HEADS } from '../pruning/subject.ts';

export const PRICES = [0.02, 0.1, 0.3] as const;
export const STEPS = 500;
export const BATCH = 16;
export const SLICE = 10;

export const options = (penalty: number, seed: number): GateOptions => ({ ...exam(seed, BATCH), penalty });

export interface Point { step: number; accuracy: number; loss: number; gates: number[]; open: number[] }
export const pointOf = (r: GateRun): Point => ({ step: r.step, accuracy: r.accuracy, loss: r.loss, gates: [...r.gates.data], open: [...r.open.data] });
/** Without noise a closed gate is exactly 0. */
export const alive = (gates: ArrayLike<number>): number[] => Array.from(gates, (g, i) => (g > 0 ? i : -1)).filter((i) => i >= 0);
export const perLayer = (gates: ArrayLike<number>): [number, number] => {
  const on = alive(gates);
  return [on.filter((i) => i < HEADS).length, on.filter((i) => i >= HEADS).length];
};
export const survivors = (gates: ArrayLike<number>): string => alive(gates).map(nameOf).join(', ');

/** Trains to the end, a slice at a time; `onPoint` returns false to stop. */
export async function train(engine: RemoteEngine, id: number, penalty: number, seed: number, onPoint: (p: Point, run: GateRun) => boolean | void, from?: Float32Array, steps = STEPS, slice = SLICE): Promise<GateRun> {
  let run = await engine.gateSteps(id, { ...options(penalty, seed), count: 0 }, from);
  if (onPoint(pointOf(run), run) === false) return run;
  while (run.step < steps) {
    run = await engine.gateSteps(id, { ...options(penalty, seed), count: Math.min(slice, steps - run.step) }, run.state);
    if (onPoint(pointOf(run), run) === false) break;
  }
  return run;
}

export interface Ending { price: number; seed: number; accuracy: number; loss: number; gates: number[] }
export interface Recorded {
  commit: string;
  seeds: number[];
  /** Every price, every seed (of model and gates alike). */
  endings: Ending[];
  /** Other gate seeds on the first model at one price: who survives there. */
  again: Ending[];
  /** The same steps at no price: what further training alone does. */
  free: Ending[];
  /** The way of the first seed at the price 0.1: gates after every 50 steps. */
  path: { step: number; accuracy: number; gates: number[] }[];
}
export const START_PRICE = 0.1;

export async function record(engine: RemoteEngine, ids: number[], seeds: number[]): Promise<Omit<Recorded, 'commit' | 'seeds'>> {
  const endings: Ending[] = [], again: Ending[] = [], free: Ending[] = [], path: Recorded['path'] = [];
  const run = async (id: number, price: number, seed: number, keep?: (p: Point) => void): Promise<Ending> => {
    const last = await train(engine, id, price, seed, (p) => void keep?.(p), undefined, STEPS, 50);
    const e = { price, seed, accuracy: short(last.accuracy), loss: short(last.loss), gates: Array.from(last.gates.data, (g) => short(g)) };
    console.log(price, seed, e.accuracy, perLayer(e.gates), survivors(e.gates));
    return e;
  };
  for (const price of PRICES)
    for (const [k, id] of ids.entries())
      endings.push(await run(id, price, seeds[k]!, k === 0 && price === START_PRICE ? (p) => path.push({ step: p.step, accuracy: short(p.accuracy), gates: p.gates.map((g) => short(g)) }) : undefined));
  for (const seed of [11, 12, 13, 14, 15]) again.push(await run(ids[0]!, 0.3, seed));
  for (const [k, id] of ids.entries()) free.push(await run(id, 0, seeds[k]!));
  return { endings, again, free, path };
}
export const endingsAt = (r: Recorded, price: number): Ending[] => r.endings.filter((e) => e.price === price);
