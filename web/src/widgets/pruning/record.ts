// Trains the five models of chapter 12 and measures everything its figures show, with the module the page runs:
//   npx node src/widgets/pruning/record.ts [race] [autopsy] [diet] [gates]     (in web/, after wasm/build.sh)
// The models are kept in build/pruning and made again if absent; the first is models/repeat-16h.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import * as autopsy from '../head-autopsy/model.ts';
import * as diet from '../weight-diet/model.ts';
import * as gates from '../head-gates/model.ts';
import * as race from '../removal-race/model.ts';
import { config } from './subject.ts';

const root = new URL('../../../../', import.meta.url);
const seeds = [1, 2, 3, 4, 5];
const local = await openEngine();
const engine = local as unknown as RemoteEngine; // the same methods; `await` does not mind
const { commit } = local.info();

async function model(seed: number): Promise<number> {
  const file = new URL(`build/pruning/${seed}.safetensors`, root);
  const kept = await readFile(file).catch(() => null);
  if (kept) return hold(seed, new Uint8Array(kept));
  const { id, model: made } = local.createTrainer(config(seed));
  await local.train(id, { until: config(seed).steps, every: 100 }, (p) => {
    console.log(`seed ${seed} step ${p.step}: ${p.evalAccuracy.toFixed(3)}`);
  });
  const bytes = local.saveModel(made.id);
  await mkdir(new URL('build/pruning/', root), { recursive: true });
  await writeFile(file, bytes);
  local.disposeTrainer(id);
  return hold(seed, bytes);
}

/** The first model is the one that is shipped. */
async function hold(seed: number, bytes: Uint8Array): Promise<number> {
  if (seed === 1) {
    await mkdir(new URL('models/repeat-16h/', root), { recursive: true });
    await writeFile(new URL('models/repeat-16h/model.safetensors', root), bytes);
  }
  return local.loadModel(bytes).id;
}

async function save(widget: string, recording: object): Promise<void> {
  const text = JSON.stringify({ commit, seeds, ...recording });
  await writeFile(new URL(`../${widget}/recording.json`, import.meta.url), `${text}\n`);
  console.log(`${widget}: ${(text.length / 1024).toFixed(1)} KB`);
  if (text.length > 20 * 1024) throw new Error(`${widget}/recording.json is over 20 KB`);
}

const wanted = process.argv.slice(2);
const want = (name: string): boolean => wanted.length === 0 || wanted.includes(name);
const ids: number[] = [];
for (const seed of seeds) ids.push(await model(seed));
if (want('race')) await save('removal-race', await race.record(engine, ids, seeds));
if (want('autopsy')) await save('head-autopsy', await autopsy.record(engine, ids, seeds));
if (want('diet')) {
  const { curves } = JSON.parse(await readFile(new URL('../removal-race/recording.json', import.meta.url), 'utf8')) as race.Recorded;
  await save('weight-diet', await diet.record(engine, ids, seeds, curves.greedy));
}
if (want('gates')) await save('head-gates', await gates.record(engine, ids, seeds));
