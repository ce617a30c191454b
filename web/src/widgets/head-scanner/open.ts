// A shipped model by name, fetched once per page, only when a figure asks for it.
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { download } from '../../lib/download.ts';
import type { ModelName, Opened } from './model.ts';

const opened = new Map<ModelName, Promise<Opened>>();

export function open(engine: RemoteEngine, name: ModelName): Promise<Opened> {
  const found = opened.get(name) ?? fetchModel(engine, name);
  opened.set(name, found);
  found.catch(() => opened.delete(name));
  return found;
}

async function fetchModel(engine: RemoteEngine, name: ModelName): Promise<Opened> {
  const bytes = await download(`models/${name}.safetensors`, `Не удалось загрузить веса модели ${name}: показана запись`);
  const { id, config } = await engine.loadModel(bytes);
  return { id, layers: config.layers, heads: config.heads, vocab: config.vocab };
}
