// Makes the recording of «Четыре бита»:  npx node src/widgets/four-bits/record.ts   (in web/; a minute)
import { readFile, writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { openModel } from '../ru-small/open.ts';
import { ask, BLOCKS, repeatJudge, SEEDS, SOURCES, type Figure, type Judge, type Recorded, type Source } from './model.ts';

const file = async (path: string): Promise<Uint8Array> => new Uint8Array(await readFile(new URL(`../../../../models/${path}`, import.meta.url)));
const engine = (await openEngine()) as unknown as RemoteEngine;
const { commit } = await engine.info();
const repeat = await engine.loadModel(await file('repeat-2l/model.safetensors'));
const ru = await openModel(engine, await file('ru-small/model.safetensors'), new TextDecoder().decode(await file('ru-small/tokenizer.json')));
const { texts } = JSON.parse(await readFile(new URL('../deaf/recording.json', import.meta.url), 'utf8')) as { texts: string[] };
const read = (text: string): Judge => ({ model: ru.id, tokens: ru.tokenizer.encode(text).ids.slice(0, ru.net.context) });
const judges: Partial<Record<Source, Judge>> = { 'repeat-2l': repeatJudge(repeat.id), 'ru-small': read(texts[0]!) };

const short = (x: number, digits = 4): number => Number(x.toFixed(digits));
const rounded = ({ levels: _, ...f }: Figure): Omit<Figure, 'levels'> => ({ ...f, error: f.error.map((x) => short(x)), entropy: f.entropy.map((x) => short(x, 3)), used: f.used.map((r) => r.map((x) => short(x, 3))), ...(f.loss && { loss: f.loss.map((x) => short(x)) }), ...(f.accuracy && { accuracy: f.accuracy.map((x) => short(x)) }) });
const out: Recorded = { commit, levels: [], figures: [], errors: { normal: [], student: [], uniform: [] }, entropies: { normal: [], student: [], uniform: [] }, texts: [], accuracy: [], loss: [], twice: { 'repeat-2l': { error: [], loss: [] }, 'ru-small': { error: [], loss: [] } } };
for (const source of SOURCES) for (const block of BLOCKS) {
  const f = await ask(engine, { source, block, double: false, seed: 1 }, judges[source] ?? null);
  out.figures.push(rounded(f));
  out.levels = f.levels.map((r) => r.map((x) => short(x)));
}
for (const source of ['normal', 'student', 'uniform'] as const) for (const seed of SEEDS) {
  const f = await ask(engine, { source, block: 64, double: false, seed }, null);
  out.errors[source].push(f.error.map((x) => short(x)));
  out.entropies[source].push(f.entropy.map((x) => short(x, 3)));
}
for (const seed of SEEDS) {
  const f = await ask(engine, { source: 'repeat-2l', block: 64, double: false, seed }, judges['repeat-2l']!);
  out.accuracy.push(f.accuracy!.map((x) => short(x)));
  out.loss.push(f.loss!.map((x) => short(x)));
}
for (const text of texts) out.texts.push((await ask(engine, { source: 'ru-small', block: 64, double: false, seed: 1 }, read(text))).loss!.map((x) => short(x)));
for (const source of ['repeat-2l', 'ru-small'] as const) {
  const f = await ask(engine, { source, block: 64, double: true, seed: 1 }, judges[source]!);
  out.twice[source] = { error: f.error.map((x) => short(x, 5)), loss: f.loss!.map((x) => short(x)) };
}
const json = JSON.stringify(out);
await writeFile(new URL('./recording.json', import.meta.url), `${json}\n`);
console.log(`${(json.length / 1024).toFixed(1)} KB`);
for (const f of out.figures) console.log(f.source, f.block, f.error, f.entropy, f.loss, f.accuracy);
console.log(out.errors, out.entropies, out.texts, out.accuracy, out.loss, JSON.stringify(out.twice));
