// Makes the recording of «Как головы росли» with the core the page runs:  node src/widgets/head-growth/record.ts   (in web/)
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { grow, halfway, leaders, pack, saving, SCORES } from './model.ts';

const shipped = new URL('../../../../models/ru-small/', import.meta.url);
const bytes = async (name: string): Promise<Uint8Array> => new Uint8Array(await readFile(new URL(name, shipped)));
const engine = (await openEngine()) as unknown as RemoteEngine;
const model = await bytes('model.safetensors');
const { id, config, metadata } = await engine.loadModel(model);
const opened = { id, layers: config.layers, heads: config.heads, vocab: config.vocab };
const g = await grow(engine, opened, Number(metadata['attn.steps']), await bytes('snapshots.safetensors'), (done, of) => console.log(`${done} of ${of}`));
const text = `${JSON.stringify(pack(g, { commit: (await engine.info()).commit, model: createHash('sha256').update(model).digest('hex').slice(0, 12) }))}\n`;
if (text.length > 20 * 1024) throw new Error(`the recording has ${text.length} bytes, over 20 KB`);
await writeFile(new URL('./recording.json', import.meta.url), text);
console.log(`${text.length} bytes`);
for (const s of SCORES)
  console.log(s, leaders(g, s, 4).map((h) => `${Math.floor(h / g.heads)}.${h % g.heads}: ${g.states.at(-1)!.scores[h]![s].toFixed(3)}, halfway at ${halfway(g, h, s)?.step ?? '-'}`));
console.log('saved by the repeat', g.states.map((s) => `${s.step}: ${saving(s).toFixed(2)}`).join(', '));
