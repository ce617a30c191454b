// What the chapters say of the bench, measured over sentences with the core the page runs (in web/):
//   node_modules/.bin/node src/widgets/triad/measure.ts          -> measured.json
import { writeFile } from 'node:fs/promises';
import { median, spearman } from '../../lib/statistics.ts';
import { shorten } from '../truth-bench/five.ts';
import { SENTENCES } from '../who-moved/sentences.ts';
import { bench, inputs } from './bench-node.ts';
import { curve, direct, many, pace, reach, rivals, setting, sweep, type Curve, type Inputs, type Order } from './model.ts';
import { PAIRS } from './sentences.ts';

const { engine, subject, commit, model } = await bench();
const [L, H] = [subject.layers, subject.heads];
pace.slice = 1024;
const all = Array.from({ length: L * H }, (_, i) => i);
const layer = (l: number): number[] => all.slice(l * H, (l + 1) * H);
const sum = (x: readonly number[]): number => x.reduce((a, b) => a + b, 0);
const mean = (x: readonly number[]): number => sum(x) / x.length;
const plain = SENTENCES.map((text) => inputs({ text }));
const pairs = PAIRS.map((p) => inputs(p));
const out: Record<string, unknown> = { commit, model, sentences: plain.length, pairs: pairs.length };

async function measure(ask: Inputs, of: number[][]): Promise<{ loss: number[]; logit: number[] }> {
  const s = setting(subject, ask);
  const { right, wrong } = await rivals(engine, s, ask);
  return many(engine, s, { position: s.position, right, wrong }, of);
}
const PLACES = [10, 20, 30, 35];
const CUT = 25;
const spread = (x: readonly number[]): { median: number; low: number; high: number } => ({ median: median([...x]), low: Math.min(...x), high: Math.max(...x) });

/** Chapter 2: heads one by one and a layer at once. */
async function together(): Promise<object> {
  const rows: { whole: number; single: number[]; layers: { joint: number; sum: number }[]; none: number }[] = [];
  for (const ask of plain) {
    const { loss } = await measure(ask, [[], ...all.map((i) => [i]), ...Array.from({ length: L }, (_, l) => layer(l)), all]);
    const single = all.map((i) => loss[1 + i]! - loss[0]!);
    rows.push({ whole: loss[0]!, single, layers: Array.from({ length: L }, (_, l) => ({ joint: loss[1 + L * H + l]! - loss[0]!, sum: sum(layer(l).map((i) => single[i]!)) })), none: loss.at(-1)! - loss[0]! });
  }
  const costly = all.map((i) => mean(rows.map((r) => r.single[i]!)));
  return {
    whole: mean(rows.map((r) => r.whole)), none: mean(rows.map((r) => r.none)), singles: costly, most: spread(rows.map((r) => Math.max(...r.single))), cheap: costly.filter((x) => x < 0.05).length,
    sumOfAll: mean(rows.map((r) => sum(r.single))), negative: mean(rows.map((r) => r.single.filter((x) => x < 0).length)),
    layers: Array.from({ length: L }, (_, l) => ({ joint: mean(rows.map((r) => r.layers[l]!.joint)), sum: mean(rows.map((r) => r.layers[l]!.sum)), over: rows.filter((r) => r.layers[l]!.joint > r.layers[l]!.sum).length })),
  };
}
/** Chapters 3 and 12: how many heads go before the loss grows by 0.1 and 0.5 nats a token, by order. */
interface Ran { reach: number; half: number; at: number[]; lowest: number; below: number; last: number[]; gone: number[] }
async function orders(): Promise<object> {
  const rows: Record<'single' | 'greedy' | 'random', Ran>[] = [];
  for (const ask of plain) {
    const run = async (order: Order, seeds: number[]): Promise<Ran> => {
      const runs: Curve[] = [];
      for (const seed of seeds) runs.push(await curve(engine, subject, { ...ask, seed }, order));
      const over = (c: Curve, k: number): number => c.loss[k]! - c.loss[0]!;
      return {
        reach: mean(runs.map((c) => reach(c, 0.1))), half: mean(runs.map((c) => reach(c, 0.5))), at: PLACES.map((k) => mean(runs.map((c) => over(c, k)))),
        lowest: mean(runs.map((c) => Math.min(...c.loss) - c.loss[0]!)), below: mean(runs.map((c) => c.loss.filter((x) => x < c.loss[0]!).length)), last: runs[0]!.order.slice(-5), gone: runs[0]!.order.slice(0, CUT),
      };
    };
    rows.push({ single: await run('single', [1]), greedy: await run('greedy', [1]), random: await run('random', [1, 2, 3, 4, 5]) });
  }
  // An order found on one sentence: what its first heads cost that sentence and the fifteen others.
  const transfer = async (name: 'single' | 'greedy' | 'random'): Promise<object> => {
    const costs: number[][] = [];
    for (const ask of plain) {
      const { loss } = await measure(ask, [[], ...rows.map((r) => r[name].gone)]);
      costs.push(rows.map((_, k) => loss[1 + k]! - loss[0]!));
    }
    const own = rows.map((_, k) => costs[k]![k]!);
    const others = rows.map((_, k) => mean(costs.filter((_, i) => i !== k).map((c) => c[k]!)));
    return { own: spread(own), others: spread(others) };
  };
  const moved = { single: await transfer('single'), greedy: await transfer('greedy'), random: await transfer('random') };
  const of = (name: 'single' | 'greedy' | 'random'): object => ({
    reach: spread(rows.map((r) => r[name].reach)), half: spread(rows.map((r) => r[name].half)), at: PLACES.map((_, k) => median(rows.map((r) => r[name].at[k]!))),
    lowest: spread(rows.map((r) => r[name].lowest)), below: spread(rows.map((r) => r[name].below)), last: rows.map((r) => r[name].last),
  });
  return { single: of('single'), greedy: of('greedy'), random: of('random'), transfer: moved, behind: rows.filter((r) => r.greedy.reach < r.single.reach).length, ahead: rows.filter((r) => r.greedy.reach > r.single.reach).length };
}
/** Chapter 4: what of all heads, taken from the other sentence, carries the agreement. */
async function cargo(): Promise<object> {
  const result: Record<string, object> = {};
  const gaps: number[][] = [];
  for (const way of ['noise', 'denoise'] as const)
    for (const site of ['z', 'v', 'pattern', 'q', 'k'] as const) {
      const shares: number[] = [];
      for (const ask of pairs) {
        const a: Inputs = { ...ask, tool: 'patch', way, site };
        const s = setting(subject, a);
        const { right, wrong } = await rivals(engine, s, a);
        const at = { position: s.position, right, wrong };
        const { logit } = await many(engine, s, at, [[], all]);
        const lender = (await engine.intervene(subject.id, { tokens: s.lender!, sets: [[]], how: 'zero', at })).difference[0]!;
        shares.push((logit[1]! - logit[0]!) / (lender - logit[0]!));
        if (way === 'noise' && site === 'z') gaps.push([logit[0]!, lender]);
      }
      result[`${way}-${site}`] = { ...spread(shares), shares };
    }
  return { ...result, gaps };
}
/** Chapter 6: what a head promises by its own write, and what goes with it. */
async function promised(): Promise<object> {
  const rows: { said: number[]; lost: number[]; total: number; top: number }[] = [];
  for (const ask of pairs) {
    const a: Inputs = { ...ask, how: 'zero' };
    const [said, got] = [await direct(engine, subject, a), await measure(a, [[], ...all.map((i) => [i]), layer(L - 1), all])];
    const lost = all.map((i) => got.logit[0]! - got.logit[1 + i]!);
    rows.push({ said, lost, total: got.logit[0]!, top: got.logit[0]! - got.logit[1 + L * H]! });
  }
  const at = (l: number): object => {
    const big = rows.flatMap((r) => layer(l).filter((i) => Math.abs(r.said[i]!) > 0.2).map((i) => r.lost[i]! / r.said[i]!));
    return { spearman: spread(rows.map((r) => spearman(layer(l).map((i) => r.said[i]!), layer(l).map((i) => r.lost[i]!)))), ratio: big.length > 0 ? { ...spread(big), count: big.length } : null, said: mean(rows.map((r) => sum(layer(l).map((i) => r.said[i]!)))), lost: mean(rows.map((r) => sum(layer(l).map((i) => r.lost[i]!)))), size: mean(rows.map((r) => mean(layer(l).map((i) => Math.abs(r.lost[i]!))))), saidSize: mean(rows.map((r) => mean(layer(l).map((i) => Math.abs(r.said[i]!))))) };
  };
  return { total: mean(rows.map((r) => r.total)), said: mean(rows.map((r) => sum(r.said))), lost: mean(rows.map((r) => sum(r.lost))), top: mean(rows.map((r) => r.top)), spearman: spread(rows.map((r) => spearman(r.said, r.lost))), layers: Array.from({ length: L }, (_, l) => at(l)), heads: all.map((i) => [mean(rows.map((r) => r.said[i]!)), mean(rows.map((r) => r.lost[i]!))]) };
}
/** Chapter 9: three ways to take a head out, and patching it: do they name the same heads? */
async function disagree(): Promise<object> {
  const rows: { x: Record<'zero' | 'mean' | 'noise' | 'denoise', number[]>; zero: number; mean: number; blanks: number; ways: number; same: boolean; tops: number[] }[] = [];
  for (const ask of pairs) {
    const one = async (own: Partial<Inputs>): Promise<number[]> => (await sweep(engine, subject, { ...ask, ...own })).logit.given;
    const x = { zero: await one({ how: 'zero' }), mean: await one({ how: 'mean' }), noise: await one({ tool: 'patch', way: 'noise' }), denoise: (await one({ tool: 'patch', way: 'denoise' })).map((v) => -v) };
    const top = (v: number[]): number => v.indexOf(Math.min(...v));
    rows.push({ x, zero: spearman(x.zero, x.noise), mean: spearman(x.mean, x.noise), blanks: spearman(x.zero, x.mean), ways: spearman(x.noise, x.denoise), same: top(x.zero) === top(x.noise), tops: [top(x.zero), top(x.mean), top(x.noise), top(x.denoise)] });
  }
  const average = (key: 'zero' | 'mean' | 'noise' | 'denoise'): number[] => all.map((i) => mean(rows.map((r) => r.x[key][i]!)));
  return { zero: spread(rows.map((r) => r.zero)), mean: spread(rows.map((r) => r.mean)), blanks: spread(rows.map((r) => r.blanks)), ways: spread(rows.map((r) => r.ways)), same: rows.filter((r) => r.same).length, tops: rows.map((r) => r.tops), heads: { zero: average('zero'), mean: average('mean'), noise: average('noise') } };
}
/** Chapter 10: pairs that cost more together than apart; chosen on the even sentences, read on the odd. */
async function spares(): Promise<object> {
  const couples = all.flatMap((i) => all.slice(i + 1).map((j) => [i, j]));
  const extra: number[][] = [];
  const single: number[][] = [];
  for (const ask of plain) {
    const { loss } = await measure(ask, [[], ...all.map((i) => [i]), ...couples]);
    single.push(all.map((i) => loss[1 + i]! - loss[0]!));
    extra.push(couples.map((_, c) => loss[1 + L * H + c]! - loss[0]!));
  }
  const [even, odd] = [plain.map((_, k) => k).filter((k) => k % 2 === 0), plain.map((_, k) => k).filter((k) => k % 2 === 1)];
  const at = (c: number, of: number[]) => {
    const [i, j] = couples[c]! as [number, number];
    const [a, b, both] = [mean(of.map((k) => single[k]![i]!)), mean(of.map((k) => single[k]![j]!)), mean(of.map((k) => extra[k]![c]!))];
    return { pair: [i, j], a, b, both, extra: both - a - b, positive: of.filter((k) => extra[k]![c]! > single[k]![i]! + single[k]![j]!).length };
  };
  const by = couples.map((_, c) => c).sort((x, y) => at(y, even).extra - at(x, even).extra);
  const cross = by.slice(0, 8).map((c) => ({ even: at(c, even), odd: at(c, odd) }));
  // Both harmless alone: is there a pair of them that is not?
  const quiet = couples.map((_, c) => c).filter((c) => at(c, even).a < 0.02 && at(c, even).b < 0.02).sort((x, y) => at(y, even).both - at(x, even).both);
  const every = couples.map((_, c) => at(c, odd).extra);
  return { cross, quiet: { count: quiet.length, worst: quiet.slice(0, 3).map((c) => ({ even: at(c, even), odd: at(c, odd) })) }, partners: by.slice(-3).map((c) => ({ even: at(c, even), odd: at(c, odd) })), median: median(every), inLayer: mean(couples.flatMap(([i, j], c) => (Math.floor(i! / H) === Math.floor(j! / H) ? [every[c]!] : []))), across: mean(couples.flatMap(([i, j], c) => (Math.floor(i! / H) !== Math.floor(j! / H) ? [every[c]!] : []))) };
}

/** Chapter 12: the same number of heads drawn by five lots; `transfer` above knows the first of them only. */
async function lots(): Promise<object> {
  const gone: number[][] = [];
  for (const seed of [1, 2, 3, 4, 5]) gone.push((await curve(engine, subject, { ...plain[0]!, seed }, 'random')).order.slice(0, CUT));
  const costs: number[][] = [];
  for (const ask of plain) {
    const { loss } = await measure(ask, [[], ...gone]);
    costs.push(gone.map((_, k) => loss[1 + k]! - loss[0]!));
  }
  const each = gone.map((_, k) => mean(costs.map((c) => c[k]!)));
  return { each, mean: mean(each) };
}

const parts = { together, orders, lots, cargo, promised, disagree, spares };
const asked = process.argv.slice(2);
for (const [name, part] of Object.entries(parts)) if (asked.length === 0 || asked.includes(name)) {
  const t = performance.now();
  out[name] = await part();
  console.error(name, ((performance.now() - t) / 1000).toFixed(1), 's');
}
const text = JSON.stringify(shorten(out), null, 1);
if (asked.length === 0) await writeFile(new URL('measured.json', import.meta.url), `${text}\n`);
else console.log(text);
