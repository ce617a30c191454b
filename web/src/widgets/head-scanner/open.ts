// A shipped model by name, fetched once per page, only when a figure asks for it.
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import type { ModelName, Opened } from './model.ts';

const opened = new Map<ModelName, Promise<Opened>>();

export function open(engine: RemoteEngine, name: ModelName): Promise<Opened> {
  const found = opened.get(name) ?? fetchModel(engine, name);
  opened.set(name, found);
  found.catch(() => opened.delete(name));
  return found;
}

async function fetchModel(engine: RemoteEngine, name: ModelName): Promise<Opened> {
  const url = new URL(`${import.meta.env.BASE_URL.replace(/\/?$/, '/')}models/${name}.safetensors`, location.href);
  const response = await fetch(url).catch(() => null);
  if (!response?.ok) throw new Error(`Не удалось загрузить веса модели ${name}: показана запись`);
  const { id, config } = await engine.loadModel(new Uint8Array(await response.arrayBuffer()));
  return { id, layers: config.layers, heads: config.heads, vocab: config.vocab };
}
