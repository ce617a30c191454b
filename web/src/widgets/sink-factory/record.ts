// Makes the recording of «Фабрика стоков»:  node_modules/.bin/node src/widgets/sink-factory/record.ts [KIND:SEED…]   (in web/)
// Twenty-five trainings of some ten seconds; asked for a few, it keeps what is recorded of the others.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine, TrainPoint } from '../../../../wasm/client/types.ts';
import { pack, type Packed } from '../specimen/packed.ts';
import { config, KINDS, measure, packHead, STEPS, type Both, type Facts, type Figure, type Kind } from './model.ts';

const engine = await openEngine();
const remote = engine as unknown as RemoteEngine;
const { commit } = engine.info();
const SEEDS = 5;
const short = (x: number): number => (Math.abs(x) < 5e-5 ? 0 : Number(x.toPrecision(3)));
const fine = (x: number): number => Math.round(1e4 * x) / 1e4; // losses are compared seed by seed
const tidy = ({ idle, trigger }: Both): Both => ({ idle: short(idle), trigger: short(trigger) });
const facts = ({ kind, seed, loss, heads, evicted, control }: Figure): Facts => ({
  kind, seed, loss: { idle: fine(loss.idle), trigger: fine(loss.trigger) }, evicted: tidy(evicted), control: tidy(control),
  heads: heads.map((h) => ({ first: tidy(h.first), before: tidy(h.before!), self: tidy(h.self!), unspent: tidy(h.unspent), gate: tidy(h.gate), loud: tidy(h.loud), value: short(h.value) })),
});
const folder = new URL('../../../../chapters/16-anomalies/data/', import.meta.url);
const read = async <T>(url: URL, otherwise: T): Promise<T> => readFile(url, 'utf8').then((t) => JSON.parse(t) as T, () => otherwise);
const ALL = KINDS.flatMap((kind) => Array.from({ length: SEEDS }, (_, i) => `${kind}:${i + 1}`));
const wanted = process.argv.length > 2 ? process.argv.slice(2) : ALL;
const runs = (await read<{ runs: Facts[] }>(new URL('factory.json', folder), { runs: [] })).runs.filter((r) => !wanted.includes(`${r.kind}:${r.seed}`));
const maps = (await read<{ maps: { kind: Kind; tokens: string[]; map: Packed }[] }>(new URL('./recording.json', import.meta.url), { maps: [] })).maps.filter((m) => !wanted.includes(`${m.kind}:1`));
for (const one of wanted) {
  const [kind, seed] = [one.split(':')[0] as Kind, Number(one.split(':')[1])];
  let last: TrainPoint | undefined;
  const { id } = engine.createTrainer(config(kind, seed));
  const { stopped } = await engine.train(id, { until: STEPS, every: STEPS, keepWeights: true }, (p) => (last = p));
  if (stopped !== 'done' || !last?.weights) throw new Error(`${kind} ${seed}: ${stopped}`);
  const info = engine.createModel(config(kind, seed).model, last.weights);
  const f = await measure(remote, info, last.weights, kind, seed);
  engine.disposeModel(info.id);
  engine.disposeTrainer(id);
  runs.push(facts(f));
  console.log(JSON.stringify(runs.at(-1)));
  if (seed === 1) {
    const loudest = f.heads.map((h) => h.loud.trigger).reduce((b, x, i, all) => (x > all[b]! ? i : b), 0);
    maps.push({ kind, tokens: f.tokens, map: pack(f.maps[loudest]!) });
  }
}
runs.sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || a.seed - b.seed);
await mkdir(folder, { recursive: true });
await writeFile(new URL('factory.json', folder), `${JSON.stringify({ experiment: 'factory', commit, steps: STEPS, runs })}\n`);
// What the page shows; the chapter's data has the rest.
const text = JSON.stringify({ commit, runs: runs.map((r) => ({ ...r, heads: r.heads.map(packHead) })), maps });
await writeFile(new URL('./recording.json', import.meta.url), `${text}\n`);
console.log(`${(text.length / 1024).toFixed(1)} KB`);
