// Makes the recordings of chapter 7 with the same core the page runs, in node:
//   npx node src/widgets/training/record.ts [birth] [seeds] [counter] [clones] [markov]     (in web/, after wasm/build.sh)
import { writeFile } from 'node:fs/promises';
import { openEngine, type LocalEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine, TrainConfig, TrainPoint } from '../../../../wasm/client/types.ts';
import * as birth from '../birth/model.ts';
import * as clones from '../clones/model.ts';
import * as counter from '../counter/model.ts';
import * as markov from '../markov/model.ts';
import * as seeds from '../seeds/model.ts';
import { pack, toSample } from './samples.ts';

const SEED = 1;
const engine: LocalEngine = await openEngine();
const remote = engine as unknown as RemoteEngine; // the same methods; `await` does not mind
const { commit } = engine.info();

async function train(config: TrainConfig, every: number, keepWeights = false): Promise<TrainPoint[]> {
  const { id } = engine.createTrainer(config);
  const points: TrainPoint[] = [];
  await engine.train(id, { until: config.steps ?? 0, every, keepWeights }, (p) => void points.push(p));
  engine.disposeTrainer(id);
  const last = points.at(-1)!;
  console.log(`  seed ${config.seed}: step ${last.step}, loss ${last.evalLoss.toFixed(3)}, accuracy ${last.evalAccuracy.toFixed(3)}, ${(last.elapsed / 1000).toFixed(1)} s`);
  return points;
}

async function save(name: string, recording: unknown, file = 'recording'): Promise<void> {
  const text = JSON.stringify(recording);
  await writeFile(new URL(`../${name}/${file}.json`, import.meta.url), `${text}\n`);
  console.log(`${name}/${file}: ${(text.length / 1024).toFixed(1)} KB`);
  if (text.length > 20 * 1024) throw new Error(`${name}/${file}.json is over 20 KB`);
}

const short = (x: number, digits = 4): number => Number(x.toPrecision(digits));

const makers: Record<string, () => Promise<void>> = {
  async birth() {
    const config = birth.config(SEED);
    const points = await train(config, birth.EVERY, true);
    const { layers, heads } = config.model;
    const ids = Array.from(birth.TEXT, (c) => birth.LETTERS.indexOf(c));
    const maps = [];
    for (const step of [100, 200, 400, 700]) {
      const p = await birth.probe(remote, config, points.find((x) => x.step === step)!.weights!, ids);
      maps.push({ step, data: birth.packMaps(p), next: p.next.map((n) => ({ letter: n.letter, p: short(n.p) })) });
    }
    const samples = points.map(toSample);
    const taken = await birth.knockouts(remote, config, points.at(-1)!.weights!, birth.roles(samples)!, 'zero');
    const knockouts = taken.map((k) => ({ ...k, verdict: { ...k.verdict, loss: short(k.verdict.loss), accuracy: short(k.verdict.accuracy) } }));
    await save('birth', { commit, text: birth.TEXT, curve: pack(samples, layers, heads, SEED), maps: maps.slice(-1), knockouts });
    await save('birth', maps.slice(0, -1), 'earlier'); // not at rest: they come with the reader
    console.log(birth.milestones(samples), knockouts.map((k) => `${k.label}: ${k.verdict.loss} ${k.verdict.accuracy}`));
  },
  async seeds() {
    const curves = [];
    for (const seed of seeds.seedsFrom(SEED)) {
      const samples = (await train(seeds.config(seed), seeds.EVERY)).map(toSample);
      curves.push(pack(samples, 2, 4, seed));
      console.log(seeds.path(samples));
    }
    await save('seeds', { commit, curves });
  },
  async counter() {
    const results = [];
    for (const { id, change } of [counter.BASE, ...counter.CONDITIONS]) {
      const config = counter.config(change, SEED);
      const points = await train(config, counter.EVERY, true);
      const o = await counter.outcome(remote, config, points.at(-1)!.weights!, toSample(points.at(-1)!));
      results.push({ id, steps: points.map((p) => p.step), accuracy: points.map((p) => short(p.evalAccuracy, 3)), outcome: rounded(o) });
      console.log(id, JSON.stringify(rounded(o)), counter.condition(id)?.holds(o));
    }
    await save('counter', { seed: SEED, commit, results });
  },
  async clones() {
    const runs = [];
    for (const noise of clones.NOISES) {
      const config = clones.config(noise, SEED);
      const { model } = engine.createTrainer(config);
      const run = (await train(config, clones.EVERY, true)).map((p) => clones.toSpread(p, model.parameters));
      runs.push({ noise, steps: run.map((s) => s.step), largest: run.map((s) => short(s.largest)), accuracy: run.map((s) => short(s.accuracy, 3)) });
      console.log(noise, run.at(-1), clones.holds(noise, run));
    }
    await save('clones', { seed: SEED, commit, runs });
  },
  async markov() {
    const run = (await train(markov.config(SEED), markov.EVERY)).map((p) => markov.toDivergence(p)!);
    const column = (k: markov.Strategy): number[] => run.map((d) => short(d[k]));
    await save('markov', { seed: SEED, commit, steps: run.map((d) => d.step), uniform: column('uniform'), unigram: column('unigram'), bigram: column('bigram') });
    console.log(markov.phases(run), markov.minima(run), markov.ordered(run));
  },
};

function rounded<T>(value: T): T {
  if (typeof value === 'number') return short(value) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, rounded(v)])) as T;
}

const wanted = process.argv.slice(2);
for (const name of wanted.length > 0 ? wanted : Object.keys(makers)) await makers[name]!();
