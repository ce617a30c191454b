// A shipped model by name, fetched once per page, only when a figure asks for it.
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { download } from '../../lib/download.ts';
import type { ModelName, Opened } from './model.ts';

// Named whole: what a page keeps for reading offline are the files its scripts name (plugins/offline.mjs).
const FILES: Record<ModelName, string> = { 'repeat-2l': 'models/repeat-2l.safetensors', 'ru-small': 'models/ru-small.safetensors' };
const opened = new Map<ModelName, Promise<Opened>>();

export function open(engine: RemoteEngine, name: ModelName): Promise<Opened> {
  const found = opened.get(name) ?? fetchModel(engine, name);
  opened.set(name, found);
  found.catch(() => opened.delete(name));
  return found;
}

async function fetchModel(engine: RemoteEngine, name: ModelName): Promise<Opened> {
  const bytes = await download(FILES[name], `Не удалось загрузить веса модели ${name}: показана запись`);
  const { id, config } = await engine.loadModel(bytes);
  return { id, layers: config.layers, heads: config.heads, vocab: config.vocab };
}
