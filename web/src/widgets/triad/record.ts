// Makes the recording of the triad with the core the page runs (in web/):  node_modules/.bin/node src/widgets/triad/record.ts
import { readFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { save, shorten } from '../truth-bench/five.ts';
import { ask, TEXT, TWIN } from './model.ts';

const engine = await openEngine();
const m = engine.loadModel(new Uint8Array(await readFile(new URL('../../../../models/repeat-2l/model.safetensors', import.meta.url))));
const { layers, heads, vocab } = m.config;
const figure = await ask(engine as unknown as RemoteEngine, { id: m.id, layers, heads, vocab }, { text: TEXT, twin: TWIN, heads: [{ layer: 0, head: 1 }], how: 'zero', keep: false });
await save('triad', shorten({ commit: engine.info().commit, figure }));
