// Makes the recordings and the measured numbers of chapter 6 with the core the page runs (in web/, after wasm/build.sh):
//   npx node src/widgets/assembly/record.ts [ledger] [choir] [mix] [mix-figure] [links] [layouts]
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import * as choir from '../head-choir/model.ts';
import * as links from '../head-links/model.ts';
import * as mix from '../head-mix/model.ts';
import { openSpecimen, type Specimen } from '../specimen/specimen.ts';
import * as ledger from '../sum-ledger/model.ts';
import { layouts } from './layouts.ts';
import { RECIPE } from '../training/recipe.ts';
import { batchOf, flatWeights, need, spearman, train, weightsOf } from './subject.ts';

const SEEDS = [1, 2, 3, 4, 5];
const BATCH_SEED = 1;
const engine = (await openEngine()) as unknown as RemoteEngine; // the same methods; `await` does not mind
const { commit } = await engine.info();
const models = new Map<number, Specimen>();
models.set(0, await openSpecimen(engine, new Uint8Array(await readFile(new URL('../../../../models/repeat-2l/model.safetensors', import.meta.url)))));
// Training takes most of the time: $MODELS names a folder where trained weights are kept between runs.
const kept = process.env.MODELS;
for (const seed of SEEDS) {
  const file = kept && `${kept}/seed-${seed}.f32`;
  const bytes = file ? await readFile(file).catch(() => null) : null;
  if (bytes) {
    const flat = new Float32Array(Uint8Array.from(bytes).buffer);
    const info = await engine.createModel(RECIPE.model, flat);
    models.set(seed, { id: info.id, info, weights: weightsOf(info, flat) });
    continue;
  }
  const m = await train(engine, engine, seed);
  if (file) await writeFile(file, new Uint8Array(flatWeights(m, new Map()).buffer));
  models.set(seed, m);
  console.log(`trained seed ${seed}`);
}

type Deep = number | string | boolean | null | Deep[] | { [key: string]: Deep };
/** Four significant digits everywhere. */
function short<T>(value: T, digits = 4): T {
  const cut = (x: unknown): unknown => (typeof x === 'number' ? Number(x.toPrecision(digits)) : ArrayBuffer.isView(x) ? Array.from(x as unknown as number[], cut) : Array.isArray(x) ? x.map(cut) : x && typeof x === 'object' ? Object.fromEntries(Object.entries(x).map(([k, v]) => [k, cut(v)])) : x);
  return cut(value) as T & Deep;
}
async function save(name: string, recording: object): Promise<void> {
  const text = JSON.stringify({ commit, seed: BATCH_SEED, ...recording });
  await writeFile(new URL(`../${name}/recording.json`, import.meta.url), `${text}\n`);
  console.log(`${name}: ${(text.length / 1024).toFixed(1)} KB`);
  if (text.length > 20 * 1024) throw new Error(`${name}/recording.json is over 20 KB`);
}
const folder = new URL('../../../../chapters/06-multi-head/data/', import.meta.url);
await mkdir(folder, { recursive: true });
async function measured(name: string, result: object): Promise<void> {
  await writeFile(new URL(`${name}.json`, folder), `${JSON.stringify({ commit, recipe: 'RECIPE of web/src/widgets/training/recipe.ts, 700 steps; model 0 is models/repeat-2l', batchSeed: BATCH_SEED, result: short(result) })}\n`);
}
async function each<R>(ask: (m: Specimen, model: number) => Promise<R>): Promise<Record<string, R>> {
  const out: Record<string, R> = {};
  for (const [n, m] of models) out[n] = await ask(m, n);
  return out;
}

const makers: Record<string, () => Promise<void>> = {
  async ledger() {
    const all = await each((m) => ledger.promises(engine, m, BATCH_SEED));
    for (const [n, p] of Object.entries(all)) console.log(n, JSON.stringify(short(p, 3)), 'rank', spearman(p.promised, p.fallen).toFixed(3));
    await measured('ledger', all);
    const f = await ledger.ask(engine, models.get(0)!, { text: ledger.TEXT, at: -1, off: [], model: 0 });
    await save('sum-ledger', { figure: short(f), promises: short(all['0']!) });
    console.log(JSON.stringify(short(f, 3)));
  },
  async choir() {
    const all: Record<string, object> = {};
    for (const [n, m] of models) {
      const rows = [];
      for (const layer of [0, 1]) {
        const f = await choir.ask(engine, m, { layer, seed: BATCH_SEED, model: n });
        rows.push({ own: f.own, strangers: f.strangers, rest: f.rest });
        console.log(n, layer, 'unison', f.own.unison.toFixed(3), 'orth', f.own.orthogonal.toFixed(3), 'strangers', f.strangers.unison.toFixed(3), 'cos', choir.meanCosine(f.own).toFixed(3), choir.meanCosine(f.strangers).toFixed(3), 'rest', choir.meanCosine(f.rest).toFixed(3), f.own.sizes.map((x) => x.toFixed(1)).join(' '));
      }
      all[n] = rows;
    }
    await measured('choir', all);
    await save('head-choir', { figure: short(await choir.ask(engine, models.get(0)!, { layer: 1, seed: BATCH_SEED, model: 0 }), 3) });
  },
  async mix() {
    const all: Record<string, object> = {};
    for (const [n, m] of models) {
      const batch = await batchOf(engine, BATCH_SEED);
      const pairs = [];
      const shared = [];
      for (const layer of [0, 1]) {
        const name = `blocks.${layer}.attn.pattern`;
        const pattern = need((await engine.run(m.id, { tokens: batch.tokens, capture: [name] })).tensors, name);
        shared.push(await mix.shareMap(engine, m, batch, layer, pattern, [0, 1, 2, 3]));
        for (const pair of mix.PAIRS) {
          const full = (mode: mix.Mode, angle: number): Promise<mix.Turned> => mix.turned(engine, m, batch, layer, pair, mode, angle);
          const at = async (mode: mix.Mode, angle: number): Promise<{ loss: number; accuracy: number }> => { const { loss, accuracy } = await full(mode, angle); return { loss, accuracy }; };
          const [whole, half] = [await full('before', 0), await full('before', 45)];
          const row = {
            layer, pair, distance: mix.mapDistance(pattern, batch, pair), change: mix.relativeChange(whole.answer, half.answer, batch),
            whole: { loss: whole.loss, accuracy: whole.accuracy }, before: { loss: half.loss, accuracy: half.accuracy },
            inside: await at('inside', 45), after: await at('after', 45), swapped: await at('before', 90), all: await at('all', 45), renamed: await at('all', 90),
            shared: await mix.shareMap(engine, m, batch, layer, pattern, pair),
          };
          pairs.push(row);
          console.log(n, `${layer}: ${pair.join('+')}`, 'TV', row.distance.toFixed(3), ...(['whole', 'inside', 'after', 'before', 'swapped', 'all', 'renamed', 'shared'] as const).map((k) => `${k} ${row[k].loss.toFixed(3)}/${row[k].accuracy.toFixed(3)}`));
        }
      }
      const cost = pairs.map((p) => p.before.loss - p.whole.loss);
      console.log(n, 'spearman TV~cost', spearman(pairs.map((p) => p.distance), cost).toFixed(3), 'one map per layer', shared.map((v) => `${v.loss.toFixed(3)}/${v.accuracy.toFixed(3)}`).join('  '));
      const rankChange = spearman(pairs.map((p) => p.change), cost);
      console.log(n, 'spearman ‖Δ‖~cost', rankChange.toFixed(3), pairs.map((p) => p.change.toFixed(2)).join(' '));
      all[n] = { pairs, shared, rank: spearman(pairs.map((p) => p.distance), cost), rankChange };
    }
    await measured('mix', all);
  },
  async 'mix-figure'() {
    const f = await mix.ask(engine, models.get(0)!, { layer: 1, pair: 0, mode: 'before', seed: BATCH_SEED, model: 0 });
    await save('head-mix', { figure: { ...short(f), maps: Array.from(f.maps, (x) => Math.round(x * 100) / 100) } });
  },
  async links() {
    let s = 1;
    const uniform = (): number => { s = (Math.imul(s, 1664525) + 1013904223) >>> 0; return (s + 0.5) / 4294967296; };
    const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    const baseline = links.randomScore(64, 16, 100, normal);
    console.log('baseline', baseline);
    const all: Record<string, object> = {};
    for (const [n, m] of models) {
      const kinds: Record<string, links.Figure> = {};
      for (const kind of links.KINDS) {
        const f = await links.ask(engine, m, { kind, seed: BATCH_SEED, model: n }, baseline);
        kinds[kind] = f;
        console.log(n, kind, 'score', f.score.map((x) => x.toFixed(3)).join(' '), '\n     cut', f.cut.map((x) => x.toFixed(3)).join(' '), '\n     all', f.together.map((x) => x.toFixed(3)).join(' '), 'rank', spearman(f.score, f.cut).toFixed(3));
      }
      const flat = (key: 'score' | 'cut'): number[] => links.KINDS.flatMap((k) => kinds[k]![key]);
      console.log(n, 'rank of all 48', spearman(flat('score'), flat('cut')).toFixed(3));
      all[n] = { ...kinds, rank: spearman(flat('score'), flat('cut')) };
    }
    await measured('links', { baseline, models: all });
    await save('head-links', { baseline: short(baseline), figure: short(await links.ask(engine, models.get(0)!, { kind: 'k', seed: BATCH_SEED, model: 0 }, baseline)) });
  },
  async layouts() {
    const all = await each((m) => layouts(engine, m, BATCH_SEED));
    for (const [n, r] of Object.entries(all)) console.log(n, JSON.stringify(short(r, 3)));
    await measured('layouts', all);
  },
};

const asked = process.argv.slice(2);
for (const name of asked.length > 0 ? asked : Object.keys(makers)) await makers[name]!();
