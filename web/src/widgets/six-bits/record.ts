// Makes the recordings of chapter 2 with the core that the page runs, in node:
//   npx node src/widgets/six-bits/record.ts grid|ways|ceiling [PART]     (in web/, after wasm/build.sh)
// Every finished run is kept in chapters/02-many-heads/data/, so that an interrupted recording goes on where it was.
import { readFile, writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine, TrainConfig, TrainPoint } from '../../../../wasm/client/types.ts';
import * as instead from '../instead-of-heads/model.ts';
import { measure as judge } from '../training/score.ts';
import { config, cut, digitAccuracy, EVERY, headsFor, PLACES, roles, task } from './model.ts';

const SEEDS = [1, 2, 3, 4, 5];
const HELD_OUT = 128;
const engine = await openEngine();
const remote = engine as unknown as RemoteEngine; // the same methods; `await` does not mind
const short = (x: number): number => Math.round(x * 1000) / 1000;
const rows = (xs: number[][]): number[][] => xs.map((r) => r.map(short));

async function train(c: TrainConfig): Promise<TrainPoint[]> {
  const { id } = engine.createTrainer(c);
  const points: TrainPoint[] = [];
  await engine.train(id, { until: c.steps!, every: c.steps! > 600 ? 100 : EVERY, keepWeights: true }, (p) => void points.push(p));
  engine.disposeTrainer(id);
  return points;
}

interface Run { key: string; commit: string; seed: number; loss: number; steps: number[]; curve: number[]; whole: number; digits: number[]; gaze?: number[][]; without?: number[][] }

async function measure(key: string, places: number, c: TrainConfig & { model: TrainConfig['model'] }, withRoles: boolean): Promise<{ run: Run; weights: Float32Array }> {
  const points = await train(c);
  const last = points.at(-1)!;
  const batch = engine.taskBatch(task(places), HELD_OUT, c.seed! + 1000);
  const { id } = engine.createModel(c.model, last.weights!);
  const verdict = digitAccuracy(engine.run(id, { tokens: batch.tokens, capture: ['logits'] }).tensors.logits!.data, batch, places);
  engine.disposeModel(id);
  const r = withRoles ? await roles(remote, { model: c.model, task: c.task }, last.weights!, c.seed!) : undefined;
  const run: Run = {
    key, commit: engine.info().commit, seed: c.seed!, loss: short(last.evalLoss), steps: points.map((p) => p.step), curve: points.map((p) => short(p.evalAccuracy)),
    whole: short(verdict.whole), digits: verdict.digits.map(short), ...(r && { gaze: rows(r.gaze), without: rows(r.without) }),
  };
  return { run, weights: last.weights! };
}

const file = (name: string): URL => new URL(`../../../../chapters/02-many-heads/data/${name}.json`, import.meta.url);
async function keep(name: string): Promise<{ has: (key: string, seed: number) => boolean; add: (run: Run) => Promise<void> }> {
  const runs = JSON.parse(await readFile(file(name), 'utf8').catch(() => '[]')) as Run[];
  return {
    has: (key, seed) => runs.some((r) => r.key === key && r.seed === seed),
    async add(run) {
      runs.push(run);
      await writeFile(file(name), `[\n${runs.map((r) => JSON.stringify(r)).join(',\n')}\n]\n`);
      console.log(run.key, run.seed, run.whole, run.digits.join(' '));
    },
  };
}

async function grid(part: string): Promise<void> {
  const kept = await keep(`grid-${part}`);
  const [places] = PLACES.filter((m) => String(m) === part);
  for (const seed of SEEDS)
    for (const heads of headsFor(places!)) {
      const key = `${places}:${heads}`;
      if (kept.has(key, seed)) continue;
      await kept.add((await measure(key, places!, config(places!, cut(heads), seed), heads === places)).run);
    }
}

async function ways(part: string): Promise<void> {
  const kept = await keep(`ways-${part}`);
  for (const seed of SEEDS)
    for (const w of instead.WAYS) {
      if (w.id !== part || w.id === 'vote' || kept.has(w.id, seed)) continue;
      await kept.add((await measure(w.id, instead.PLACES, instead.config(w, seed), false)).run);
    }
}

/** Five trios out of five models with one head, each trained apart from the others. */
async function vote(): Promise<void> {
  const kept = await keep('ways-vote');
  const w = instead.way('vote');
  const weights: Float32Array[] = [];
  for (const seed of SEEDS) weights.push((await measure('one', instead.PLACES, instead.config(w, seed), false)).weights);
  for (const seed of SEEDS) {
    const batch = engine.taskBatch(task(instead.PLACES), HELD_OUT, seed + 1000);
    const members = [0, 1, 2].map((k) => weights[(seed - 1 + k) % SEEDS.length]!);
    const v = await instead.vote(remote, instead.config(w, seed).model, members, batch);
    await kept.add({ key: 'vote', commit: engine.info().commit, seed, loss: 0, steps: [], curve: [], whole: short(v.whole), digits: v.digits.map(short) });
  }
}

/** One head and two places, alphabets of b² tokens: how near it comes to what a head that weighs places by distance can do. */
async function ceiling(): Promise<void> {
  const kept = await keep('ceiling');
  for (const seed of SEEDS)
    for (const b of [2, 4, 6, 8])
      for (const heads of [1, 2]) {
        const key = `${b}:${heads}`;
        if (kept.has(key, seed)) continue;
        const c = config(2, cut(heads), seed, 1000);
        const wide = { ...c, model: { ...c.model, vocab: b * b }, task: { ...c.task, vocab: b * b } };
        const points = await train(wide);
        const { id } = engine.createModel(wide.model, points.at(-1)!.weights!);
        const v = await judge(remote, id, b * b, engine.taskBatch(wide.task, 512, seed + 1000));
        engine.disposeModel(id);
        await kept.add({ key, commit: engine.info().commit, seed, loss: short(v.loss), steps: [], curve: [], whole: short(v.accuracy), digits: [] });
      }
}

const [what = 'grid', part = ''] = process.argv.slice(2);
await (what === 'ceiling' ? ceiling() : what === 'grid' ? grid(part) : part === 'vote' ? vote() : ways(part));
