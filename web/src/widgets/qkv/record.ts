// Makes the recordings and the measured numbers of chapter 4 with the core the page runs, in node (in web/, after wasm/build.sh):
//   node src/widgets/qkv/record.ts [label-swap] [unseen] [three-or-two [resume]]
// «resume» goes on after the rows that the recording already has.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine, TrainConfig, TrainPoint } from '../../../../wasm/client/types.ts';
import * as swap from '../label-swap/model.ts';
import { pack } from '../specimen/packed.ts';
import { openSpecimen } from '../specimen/specimen.ts';
import { mulberry } from '../../lib/random.ts';
import * as two from '../three-or-two/model.ts';
import { RECIPE } from '../training/recipe.ts';
import * as unseen from '../unseen/model.ts';

const engine = (await openEngine()) as unknown as RemoteEngine; // the same methods; `await` does not mind
const { commit } = await engine.info();
const root = new URL('../../../../', import.meta.url);
const short = (x: number, digits = 3): number => Number(x.toPrecision(digits));
const fixed = (x: number, digits = 3): number => Number(x.toFixed(digits));
const SEEDS = [1, 2, 3, 4, 5];

async function save(name: string, recording: object): Promise<void> {
  const text = JSON.stringify({ commit, ...recording });
  await writeFile(new URL(`../${name}/recording.json`, import.meta.url), `${text}\n`);
  console.log(`${name}: ${(text.length / 1024).toFixed(1)} KB`);
  if (text.length > 20 * 1024) throw new Error(`${name}/recording.json is over 20 KB`);
}
async function measured(name: string, data: object): Promise<void> {
  await mkdir(new URL('chapters/04-qkv/data/', root), { recursive: true });
  await writeFile(new URL(`chapters/04-qkv/data/${name}.json`, root), `${JSON.stringify({ commit, ...data }, null, 1)}\n`);
}
async function train(config: TrainConfig & { steps: number }, every: number): Promise<TrainPoint[]> {
  const { id } = await engine.createTrainer(config);
  const points: TrainPoint[] = [];
  await engine.train(id, { until: config.steps, every, keepWeights: true }, (p) => void points.push(p));
  await engine.disposeTrainer(id);
  return points;
}

const makers: Record<string, () => Promise<void>> = {
  // The shipped model draws the figure; the numbers are of five models of its recipe.
  async 'label-swap'() {
    const m = await openSpecimen(engine, new Uint8Array(await readFile(new URL('models/repeat-2l/model.safetensors', root))));
    const figure = await swap.ask(engine, m.id, { text: swap.TEXT, b: 3 });
    for (const o of Object.values(figure.outcomes)) {
      o.row = o.row.map((x) => short(x));
      o.next = o.next.map((n) => ({ ...n, p: short(n.p) }));
      [o.pa, o.pb] = [short(o.pa), short(o.pb)];
    }
    await save('label-swap', { seed: 1, figure });
    const runs = [];
    for (const seed of SEEDS) {
      const points = await train({ ...RECIPE, seed }, RECIPE.steps);
      const { id } = await engine.createModel(RECIPE.model, points.at(-1)!.weights!);
      // One copy of every pair: 24 different letters, then 16 of them again; the head has one place to read.
      const { match, tokens } = await engine.taskBatch({ ...RECIPE.task, segment_min: 24, segment_max: 24, distinct: true }, 128, seed);
      const batch = { match, tokens: tokens.map((x) => x.slice(0, 40)) };
      const next = mulberry(seed);
      const tallies = await swap.tally(engine, id, batch, (n) => Math.floor(next() * n));
      await engine.disposeModel(id);
      runs.push({ seed, accuracy: short(points.at(-1)!.evalAccuracy), tallies: Object.fromEntries(Object.entries(tallies).map(([k, t]) => [k, Object.fromEntries(Object.entries(t).map(([n, x]) => [n, fixed(x)]))])) });
      console.log(JSON.stringify(runs.at(-1)));
    }
    await measured('label-swap', { seeds: SEEDS, batch: 128, runs });
  },

  async unseen() {
    const rows: unseen.Summary[] = [];
    const models: object[] = [];
    for (const position of unseen.POSITIONS)
      for (const change of unseen.CHANGES) rows.push({ position, change, map: [], out: [], uneven: [], accuracy: [] });
    for (const position of unseen.POSITIONS)
      for (const seed of SEEDS) {
        const trained = await unseen.train(engine, position, seed);
        const length = (what: string): number => {
          const p = trained.parameters.find((x) => x.name === `blocks.0.attn.${what}`)!;
          return Math.hypot(...trained.weights.subarray(p.offset, p.offset + unseen.HEADS * unseen.WIDTH));
        };
        models.push({ position, seed, biases: { q: short(length('b_Q')), k: short(length('b_K')), v: short(length('b_V')) } });
        for (const change of unseen.CHANGES) {
          const f = await unseen.compare(engine, trained, change, seed);
          const row = rows.find((r) => r.position === position && r.change === change)!;
          row.map.push(short(f.gaps.map, 2));
          row.out.push(short(f.gaps.out, 2));
          row.uneven.push(short(f.gaps.uneven, 2));
          row.accuracy.push([fixed(f.before.accuracy), fixed(f.after.accuracy)]);
          if (position === 'learned' && change === 'gauge' && seed === 1) {
            const still = (v: unseen.View): object => ({ q: pack(v.q, true), map: pack(v.map), accuracy: short(v.accuracy) });
            await save('unseen', { seed, figure: { ...f, before: still(f.before), after: still(f.after), gaps: Object.fromEntries(Object.entries(f.gaps).map(([k, x]) => [k, short(x, 2)])) } });
          }
        }
        console.log(JSON.stringify(models.at(-1)));
      }
    for (const r of rows) console.log(JSON.stringify(r));
    await measured('unseen', { seeds: SEEDS, rows, models });
  },

  async 'three-or-two'() {
    const at = new URL('../three-or-two/recording.json', import.meta.url);
    const rows: two.Row[] = asked.includes('resume') ? (JSON.parse(await readFile(at, 'utf8')) as two.Recorded).rows : [];
    for (const run of two.RUNS.slice(rows.length)) {
      const row: two.Row = { ...run, accuracy: [], symmetry: [], curve: [], map: null, byType: null };
      for (const seed of SEEDS) {
        const config = two.config(run, seed);
        const points = await train(config, config.steps / two.POINTS);
        const seen = await two.look(engine, run, config, points.at(-1)!.weights!);
        row.accuracy.push(fixed(points.at(-1)!.evalAccuracy, 4));
        row.symmetry.push(fixed(seen.symmetry));
        if (seed > 1) continue;
        row.curve = points.map((p) => fixed(p.evalAccuracy));
        row.map = seen.map?.map((x) => fixed(x)) ?? null;
        row.byType = seen.byType?.map((x) => fixed(x)) ?? null;
      }
      rows.push(row);
      console.log(run.task, run.sharing, run.heads, row.accuracy.join(' '), '| symmetry', row.symmetry.join(' '), row.byType?.join(' ') ?? '');
      // Kept after every row: the last ones take minutes.
      await save('three-or-two', { seeds: SEEDS, rows });
      await measured('three-or-two', { seeds: SEEDS, rows: rows.map(({ map: _map, ...r }) => r) });
    }
  },
};

const asked = process.argv.slice(2);
const names = asked.filter((word) => word !== 'resume');
for (const name of names.length > 0 ? names : Object.keys(makers)) await makers[name]!();
