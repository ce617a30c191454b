// Makes the recordings of chapter 1 with the core the page runs, in node (in web/, after wasm/build.sh):
//   npx node src/widgets/specimen/record.ts [head-lab] [head-circuits] [head-knockout] [three-ways] [numbers]
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { HeadScores, RemoteEngine } from '../../../../wasm/client/types.ts';
import * as circuits from '../head-circuits/model.ts';
import * as lab from '../head-lab/model.ts';
import * as knockout from '../head-knockout/model.ts';
import * as ways from '../three-ways/model.ts';
import { pack } from './packed.ts';
import { headMap, headRows, openSpecimen } from './specimen.ts';
import { spearman } from '../../lib/statistics.ts';

const engine = (await openEngine()) as unknown as RemoteEngine; // the same methods; `await` does not mind
const bytes = await readFile(process.env.MODEL ?? new URL('../../../../models/repeat-2l/model.safetensors', import.meta.url));
const m = await openSpecimen(engine, new Uint8Array(bytes));
const { commit } = await engine.info();
const seed = Number((JSON.parse(m.info.metadata['attn.train'] ?? '{}') as { seed?: number }).seed ?? 1);

const short = (x: number, digits = 4): number => Number(x.toPrecision(digits));
const list = (a: ArrayLike<number>, digits = 4): number[] => Array.from(a, (x) => short(x, digits));

async function save(name: string, recording: object): Promise<void> {
  const text = JSON.stringify({ commit, seed, ...recording });
  await writeFile(new URL(`../${name}/recording.json`, import.meta.url), `${text}\n`);
  console.log(`${name}: ${(text.length / 1024).toFixed(1)} KB`);
  if (text.length > 20 * 1024) throw new Error(`${name}/recording.json is over 20 KB`);
}

/** The head that scores highest: the figures open on it. */
const { heads } = await engine.headScores(m.id, { batch: 32, half: 24, seed: 1 });
const best = (score: (h: HeadScores) => number): HeadScores => heads.reduce((a, b) => (score(b) > score(a) ? b : a));
const induction = best((h) => h.induction);
const previous = best((h) => h.previous);
const ref = ({ layer, head }: HeadScores): { layer: number; head: number } => ({ layer, head });
console.log(`induction ${induction.layer}.${induction.head} ${induction.induction.toFixed(3)}, previous ${previous.layer}.${previous.head} ${previous.previous.toFixed(3)}`);

/** Numbers of the chapter's «Эмпирика», checked against the prose by prose.test.ts. */
async function numbers(): Promise<void> {
  const name = (h: { layer: number; head: number }): string => `${h.layer}.${h.head}`;
  const all = heads.map(ref);
  const table: Record<string, object> = {};
  for (const h of all) {
    const f = await circuits.ask(engine, m, { ...h, from: previous.head });
    const scores = heads.find((x) => name(x) === name(h))!;
    const through: Record<string, number> = {};
    if (h.layer > 0) for (let from = 0; from < 4; from += 1) through[`0.${from}`] = circuits.diagonal((await circuits.ask(engine, m, { ...h, from })).through, 32).share;
    table[name(h)] = {
      previous: short(scores.previous), induction: short(scores.induction), copying: short(f.copying[h.layer * 4 + h.head]!),
      right: f.eigenvalues.filter((e) => e.re > 0).length, of: f.eigenvalues.length,
      ovDiagonal: circuits.diagonal(f.ov, 32).share, qkDiagonal: circuits.diagonal(f.qk, 32).share, back: circuits.stepBack(f.places, f.context), through,
    };
  }
  const taken: Record<string, Record<string, object>> = {};
  const l1 = all.filter((h) => h.layer === 1);
  const sets: Record<string, { layer: number; head: number }[]> = {
    ...Object.fromEntries(all.map((h) => [name(h), [h]])),
    'layer 0 but the previous-token head': all.filter((h) => h.layer === 0 && h.head !== previous.head),
    'layer 1, two heads': l1.slice(0, 2), 'layer 1, three heads': l1.slice(0, 3), 'layer 1': l1,
  };
  let whole: object = {};
  for (const how of ['zero', 'mean', 'resample'] as const)
    for (const [label, off] of Object.entries(sets)) {
      const f = await knockout.ask(engine, m, { off, how, seed: 1 });
      whole = { loss: short(f.whole.loss, 6), accuracy: short(f.whole.accuracy, 6), firstPeriod: short(Array.from(f.before).slice(0, knockout.PERIOD - 1).reduce((a, b) => a + b, 0) / (knockout.PERIOD - 1)) };
      (taken[label] ??= {})[how] = { loss: short(f.cut.loss, 6), accuracy: short(f.cut.accuracy, 6) };
    }
  const batch = (await engine.taskBatch(knockout.TASK, 32, 1)).tokens;
  const carried: Record<string, object> = {};
  for (const h of all) carried[name(h)] = await weightAgainstContribution(batch, h);
  const layers = [];
  for (const layer of [0, 1]) {
    const { gaps, size, additivity } = ways.rounded(await ways.ask(engine, m, { text: ways.TEXT, other: ways.OTHER, layer, seed: 1 }));
    layers.push({ gaps, size, additivity });
  }
  const out = { commit, seed, batchSeed: 1, previous: name(previous), induction: name(induction), heads: table, whole, ablations: taken, carried, layers };
  await mkdir(new URL('../../../../chapters/01-head/data/', import.meta.url), { recursive: true });
  await writeFile(new URL('../../../../chapters/01-head/data/measured.json', import.meta.url), `${JSON.stringify(out, null, 1)}\n`);
  console.log(JSON.stringify(out, null, 1));
}

/** Over all visible cells of the batch: rank correlation of A with |A v W_O|, and how often the brightest key is not the largest contribution. */
async function weightAgainstContribution(batch: number[][], { layer, head }: { layer: number; head: number }): Promise<object> {
  const at = (what: string): string => `blocks.${layer}.attn.${what}`;
  const { tensors } = await engine.run(m.id, { tokens: batch, capture: [at('v'), at('pattern')] });
  const [weights, products] = [[] as number[], [] as number[]];
  let [rows, differ, low, high] = [0, 0, Infinity, 0];
  batch.forEach((ids, b) => {
    const map = headMap(tensors[at('pattern')]!, head, b);
    const sizes = lab.writeSizes(m, { layer, head }, headRows(tensors[at('v')]!, head, b));
    [low, high] = [Math.min(low, ...sizes), Math.max(high, ...sizes)];
    for (let t = 1; t < ids.length; t += 1) {
      let [bright, large] = [0, 0];
      for (let s = 0; s <= t; s += 1) {
        const w = (x: number): number => map[t * ids.length + x]!;
        weights.push(w(s));
        products.push(w(s) * sizes[s]!);
        if (w(s) > w(bright)) bright = s;
        if (w(s) * sizes[s]! > w(large) * sizes[large]!) large = s;
      }
      rows += 1;
      if (bright !== large) differ += 1;
    }
  });
  return { spearman: short(spearman(weights, products)), differ: short(differ / rows), sizes: [short(low, 3), short(high, 3)] };
}

const makers: Record<string, () => Promise<void>> = {
  async 'head-lab'() {
    const { maps, ...f } = await lab.ask(engine, m, { text: lab.TEXT, ...ref(induction) });
    await save('head-lab', {
      figure: { ...f, q: list(f.q, 5), k: list(f.k, 5), v: list(f.v, 3), z: list(f.z, 3), scores: list(f.scores, 5), weights: list(f.weights, 3), sizes: list(f.sizes), role: f.role, next: f.next.map((n) => ({ ...n, p: short(n.p) })) },
      maps: maps.map((layer) => layer.map((map) => pack(map))),
    });
  },
  async 'head-circuits'() {
    await save('head-circuits', circuits.packFigure(await circuits.ask(engine, m, { ...ref(induction), from: previous.head })));
  },
  async 'head-knockout'() {
    const f = await knockout.ask(engine, m, { off: [ref(previous)], how: 'mean', seed: 1 });
    await save('head-knockout', { figure: { ...f, before: list(f.before, 3), after: list(f.after, 3), importance: f.importance.map((x) => ({ ...x, loss: short(x.loss), accuracy: short(x.accuracy) })) } });
  },
  async 'three-ways'() {
    const f = await ways.ask(engine, m, { text: ways.TEXT, other: ways.OTHER, layer: 1, seed: 1 });
    await save('three-ways', { figure: ways.rounded(f) });
  },
  numbers,
};

const asked = process.argv.slice(2);
for (const name of asked.length > 0 ? asked : Object.keys(makers)) await makers[name]!();
