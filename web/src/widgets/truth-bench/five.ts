// Five models of one recipe, trained here once and kept in build/: what chapter 9 measures, it measures on all of them.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import type { LocalEngine } from '../../../../wasm/client/node.ts';
import { RECIPE, vary } from '../training/recipe.ts';

export const SEEDS = [1, 2, 3, 4, 5];
export const STEPS = 1200; // as models/repeat-2l
const kept = new URL('../../../../build/chapter-09/', import.meta.url);

/** The model of one seed, loaded into the engine. */
export async function trained(engine: LocalEngine, seed: number): Promise<{ id: number; vocab: number; layers: number; heads: number }> {
  await mkdir(kept, { recursive: true });
  const file = new URL(`seed-${seed}-${STEPS}.safetensors`, kept);
  const bytes = await readFile(file).catch(async () => {
    const { id, model } = engine.createTrainer(vary(RECIPE, { steps: STEPS, seed }));
    const end = { loss: NaN, accuracy: NaN };
    await engine.train(id, { until: STEPS, every: STEPS }, (p) => Object.assign(end, { loss: p.evalLoss, accuracy: p.evalAccuracy }));
    const made = engine.saveModel(model.id);
    engine.disposeTrainer(id);
    await writeFile(file, made);
    console.log(`seed ${seed}: trained, accuracy ${end.accuracy.toFixed(3)}, loss ${end.loss.toFixed(3)}`);
    return made;
  });
  const { id, config } = engine.loadModel(new Uint8Array(bytes));
  return { id, vocab: config.vocab, layers: config.layers, heads: config.heads };
}

export const short = (x: number, digits = 4): number => Number(x.toPrecision(digits));
/** Every number of a recording, shortened. */
export const shorten = <T>(value: T, digits = 4): T => JSON.parse(JSON.stringify(value, (_k, v: unknown) => (typeof v === 'number' ? short(v, digits) : v))) as T;

export async function save(folder: string, recording: object, data?: { chapter: string; name: string; value: object }): Promise<void> {
  const text = JSON.stringify(recording);
  if (new TextEncoder().encode(text).length > 20 * 1024) throw new Error(`${folder}/recording.json is over 20 KB`);
  await writeFile(new URL(`../${folder}/recording.json`, import.meta.url), `${text}\n`);
  if (!data) return;
  const at = new URL(`../../../../chapters/${data.chapter}/data/`, import.meta.url);
  await mkdir(at, { recursive: true });
  await writeFile(new URL(`${data.name}.json`, at), `${JSON.stringify(data.value)}\n`);
}
