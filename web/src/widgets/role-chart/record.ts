// Makes the recording of «Карта ролей» and chapters/conclusion/data/roles.json:  node src/widgets/role-chart/record.ts   (in web/)
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { parseSentences } from '../../data/sentences.ts';
import { withLetters, withTokenizer } from '../head-atlas/subjects.ts';
import { ask, fate, named, pack, ROLES, type Recorded } from './model.ts';

const engine = await openEngine();
const remote = engine as unknown as RemoteEngine;
const { commit } = engine.info();
const root = new URL('../../../../', import.meta.url);
const bytes = async (file: string): Promise<Uint8Array> => new Uint8Array(await readFile(new URL(file, root)));
const sentences = parseSentences(await readFile(new URL('../../data/sentences.txt', import.meta.url), 'utf8'));
const subjects = {
  'repeat-2l': await withLetters(remote, await bytes('models/repeat-2l/model.safetensors')),
  'ru-small': await withTokenizer(remote, await bytes('models/ru-small/model.safetensors'), await bytes('models/ru-small/tokenizer.json')),
};
const [figures, runs]: [Recorded['figures'], object[]] = [[], []];
for (const model of ['repeat-2l', 'ru-small'] as const)
  for (const seed of [1, 2, 3, 4, 5]) {
    const f = pack(await ask(remote, subjects[model], { model, seed }, sentences));
    if (seed === 1) figures.push(f);
    const count = (text: 'real' | 'shuffled'): Record<string, number> => Object.fromEntries([...ROLES, 'none'].map((r) => [r, f.maps[text].filter((h) => named(h).role === r).length]));
    runs.push({ model, seed, loss: f.loss, real: count('real'), shuffled: count('shuffled'), fate: fate(f), hatched: f.maps.real.filter((h) => named(h).second).length, names: f.maps.real.map((h) => named(h).role), without: f.maps.shuffled.map((h) => named(h).role) });
    console.log(JSON.stringify(runs.at(-1)));
  }
const text = JSON.stringify({ commit, figures } satisfies Recorded);
if (text.length > 20 * 1024) throw new Error(`recording.json is ${text.length} bytes`);
await writeFile(new URL('./recording.json', import.meta.url), `${text}\n`);
await mkdir(new URL('chapters/conclusion/data/', root), { recursive: true });
await writeFile(new URL('chapters/conclusion/data/roles.json', root), `${JSON.stringify({ commit, runs }, null, 1)}\n`);
