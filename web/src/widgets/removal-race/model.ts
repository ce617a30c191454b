// Heads leave one by one in the order of a rule: accuracy and loss after each, live for the shipped model, recorded
// for five.
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { curve, median, ORDERS, reach, short, spearman, type Curve, type Order } from '../pruning/orders.ts';
import { calibration, exam } from '../pruning/subject.ts';

export const WORDS: Record<Order, string> = {
  greedy: 'жадно, с проверкой', exact: 'по абляции', regrad: 'по градиенту, заново', example: 'по градиенту', token: 'по градиенту на токен', norm: 'по громкости', random: 'наугад',
};
export const DROP = 0.02;
export const DRAWS = 5;

export const ask = (engine: RemoteEngine, id: number, q: { order: Order; seed: number }, signal?: AbortSignal): Promise<Curve> =>
  curve(engine, id, q.order, { choose: calibration(q.seed), judge: exam(q.seed), draw: q.seed }, signal);

export interface Recorded {
  commit: string;
  seeds: number[];
  /** Of every order: per seed, after 0 … 16 heads; «random» is the mean of five draws. */
  curves: Record<Order, { accuracy: number[][]; loss: number[][] }>;
  /** The order of the first seed. */
  first: Record<Order, number[]>;
  /** Spearman's ρ of each score with the loss that one head alone costs, per seed, on the same rows. */
  agreement: Record<'example' | 'token' | 'batch' | 'norm' | 'mean', number[]>;
}

export async function record(engine: RemoteEngine, ids: number[], seeds: number[]): Promise<Omit<Recorded, 'commit' | 'seeds'>> {
  const curves = {} as Recorded['curves'];
  const first = {} as Recorded['first'];
  for (const order of ORDERS) {
    curves[order] = { accuracy: [], loss: [] };
    for (const [k, id] of ids.entries()) {
      const runs: Curve[] = [];
      for (let draw = 0; draw < (order === 'random' ? DRAWS : 1); draw += 1)
        runs.push(await curve(engine, id, order, { choose: calibration(seeds[k]!), judge: exam(seeds[k]!), draw: seeds[k]! + 100 * draw }));
      const mean = (part: 'accuracy' | 'loss'): number[] => runs[0]![part].map((_, i) => short(runs.reduce((s, r) => s + r[part][i]!, 0) / runs.length));
      curves[order].accuracy.push(mean('accuracy'));
      curves[order].loss.push(mean('loss'));
      if (k === 0) first[order] = runs[0]!.order;
    }
    console.log(order, curves[order].accuracy.map((a) => reach(a, DROP)), curves[order].accuracy[0]);
  }
  const agreement = { example: [], token: [], batch: [], norm: [], mean: [] } as Recorded['agreement'];
  for (const [k, id] of ids.entries()) {
    const f = await engine.headImportance(id, { ...exam(seeds[k]!), mean: true, writes: true });
    const loud = Array.from(f.asked!.data, (x, i) => x + f.other!.data[i]!);
    for (const [name, values] of Object.entries({ example: f.example!.data, token: f.token!.data, batch: f.batch!.data, norm: loud, mean: f.mean!.data }))
      agreement[name as keyof typeof agreement].push(short(spearman([...values], [...f.zero!.data])));
  }
  console.log(agreement);
  return { curves, first, agreement };
}

export const middle = (r: Recorded, order: Order, part: 'accuracy' | 'loss'): number[] =>
  r.curves[order][part][0]!.map((_, i) => median(r.curves[order][part].map((row) => row[i]!)));
