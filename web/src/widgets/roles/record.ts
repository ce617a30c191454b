// Makes the recordings and the measured numbers of chapter 8 with the core the page runs, in node (in web/, after wasm/build.sh):
//   node src/widgets/roles/record.ts [four-tasks] [lesions] [role-weights] [head-scanner]
// The scanner reads models/ru-small/model.safetensors; RU_SMALL=FILE takes other weights and CHECKPOINT=WORDS says which.
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine, TrainPoint } from '../../../../wasm/client/types.ts';
import * as four from '../four-tasks/model.ts';
import * as scanner from '../head-scanner/model.ts';
import * as lesions from '../lesions/model.ts';
import * as weights from '../role-weights/model.ts';
import { pack } from '../specimen/packed.ts';
import { openSpecimen } from '../specimen/specimen.ts';

const local = await openEngine();
const engine = local as unknown as RemoteEngine; // the same methods; `await` does not mind
const { commit } = await engine.info();
const root = new URL('../../../../', import.meta.url);
const short = (x: number, digits = 4): number => Number(x.toPrecision(digits));

async function save(name: string, recording: object): Promise<void> {
  const text = JSON.stringify({ commit, ...recording });
  await writeFile(new URL(`../${name}/recording.json`, import.meta.url), `${text}\n`);
  console.log(`${name}: ${(text.length / 1024).toFixed(1)} KB`);
  if (text.length > 20 * 1024) throw new Error(`${name}/recording.json is over 20 KB`);
}
async function measured(name: string, data: object): Promise<void> {
  await mkdir(new URL('chapters/08-roles/data/', root), { recursive: true });
  await writeFile(new URL(`chapters/08-roles/data/${name}.json`, root), `${JSON.stringify({ commit, ...data }, null, 1)}\n`);
}

async function train(c: four.Condition, seed: number): Promise<{ points: TrainPoint[]; outcome: four.Outcome; sample: four.Sample }> {
  const config = four.config(c, seed);
  const { id } = await engine.createTrainer(config);
  const points: TrainPoint[] = [];
  await engine.train(id, { until: config.steps, every: four.EVERY, keepWeights: true }, (p) => void points.push(p));
  await engine.disposeTrainer(id);
  const last = points.at(-1)!;
  return { points, ...(await four.probe(engine, config, last.weights!, last.evalAccuracy)) };
}
const rounded = (o: four.Outcome): four.Outcome => ({ accuracy: short(o.accuracy), baseline: short(o.baseline), heads: o.heads.map((h) => ({ mass: short(h.mass), hits: short(h.hits), entropy: short(h.entropy) })) });
const reached = (points: TrainPoint[]): number | null => points.find((p) => p.evalAccuracy >= 0.95)?.step ?? null;

async function specimen() {
  return openSpecimen(engine, new Uint8Array(await readFile(new URL('models/repeat-2l/model.safetensors', root))));
}

const makers: Record<string, () => Promise<void>> = {
  async 'four-tasks'() {
    const [results, runs] = [[] as object[], [] as object[]];
    for (const seed of [1, 2, 3])
      for (const c of four.CONDITIONS) {
        const { points, outcome, sample } = await train(c, seed);
        runs.push({ id: c.id, seed, reached: reached(points), holds: c.holds(outcome), ...rounded(outcome) });
        console.log(JSON.stringify(runs.at(-1)));
        if (seed > 1) continue;
        const thin = points.filter((_, i) => c.steps <= 1000 || i % 4 === 0 || i === points.length - 1);
        results.push({
          id: c.id, steps: thin.map((p) => p.step), accuracy: thin.map((p) => short(p.evalAccuracy, 3)), outcome: rounded(outcome),
          tokens: sample.tokens, labels: sample.labels, asked: sample.asked, maps: sample.maps.map((m) => pack(four.lower(m, four.LENGTH))),
        });
        if (c === four.CONDITIONS.at(-1)) await save('four-tasks', { seed: 1, results });
      }
    await measured('four-tasks', { runs });
  },
  async lesions() {
    const m = await specimen();
    const all = [];
    for (const how of ['zero', 'mean', 'resample'] as const) {
      const f = await lesions.ask(engine, m, { how, seed: 1 });
      if (how === 'zero') await save('lesions', { seed: 1, figure: lesions.pack(f) });
      all.push({ ...lesions.pack(f), strongest: Object.fromEntries(lesions.MEASURES.map((x) => [x, lesions.strongest(lesions.interaction(f, x), f.scores.length)])) });
      console.log(how, JSON.stringify(all.at(-1)!.strongest), JSON.stringify(all.at(-1)!.scores));
    }
    await measured('lesions', { figures: all });
  },
  async 'role-weights'() {
    const m = await specimen();
    const trained = weights.pack(await weights.ask(engine, m, { trained: true, seed: 1 }));
    const fresh = [];
    for (const seed of [1, 2, 3, 4, 5]) fresh.push(weights.pack(await weights.ask(engine, m, { trained: false, seed })));
    await save('role-weights', { seed: 1, trained, fresh: fresh[0] });
    await measured('weights', { trained, fresh });
    console.log(JSON.stringify(trained), JSON.stringify(fresh));
  },
  async 'head-scanner'() {
    const own = process.env.RU_SMALL;
    const files: Record<scanner.ModelName, string | URL> = { 'repeat-2l': new URL('models/repeat-2l/model.safetensors', root), 'ru-small': own ?? new URL('models/ru-small/model.safetensors', root) };
    const figures = [];
    for (const name of scanner.MODELS) {
      if (!existsSync(files[name])) { console.log(`${name}: no weights, left out`); continue; }
      const { id, config, metadata } = await engine.loadModel(new Uint8Array(await readFile(files[name])));
      const figure = scanner.pack(await scanner.ask(engine, { id, layers: config.layers, heads: config.heads, vocab: config.vocab }, { model: name, seed: 1 }));
      figures.push({ figure, checkpoint: name === 'ru-small' && own ? (process.env.CHECKPOINT ?? 'предварительный чекпоинт ru-small') : `models/${name}` });
      console.log(name, JSON.stringify(metadata).slice(0, 200), JSON.stringify(figure.loss), JSON.stringify(figure.baseline), scanner.SCORES.map((s) => `${s} ${JSON.stringify(scanner.best(figure, s))}, ${scanner.above(figure, s, 0.5)} above 0.5, ${scanner.above(figure, s, 0.3)} above 0.3`));
      await engine.disposeModel(id);
    }
    await save('head-scanner', { seed: 1, figures });
    await measured('scanner', { figures });
  },
};

const asked = process.argv.slice(2);
for (const name of asked.length > 0 ? asked : Object.keys(makers)) await makers[name]!();
