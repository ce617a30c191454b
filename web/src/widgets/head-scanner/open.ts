// repeat-2l, fetched once per page, only when a figure asks for it.
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { download } from '../../lib/download.ts';
import type { Opened } from './model.ts';

// Named whole: what a page keeps for reading offline are the files its scripts name (plugins/offline.mjs).
const FILE = 'models/repeat-2l.safetensors';
let opened: Promise<Opened> | undefined;

export function open(engine: RemoteEngine): Promise<Opened> {
  opened ??= fetchModel(engine).catch((reason: unknown) => {
    opened = undefined; // the next figure that asks tries again
    throw reason;
  });
  return opened;
}

async function fetchModel(engine: RemoteEngine): Promise<Opened> {
  const { id, config } = await engine.loadModel(await download(FILE, 'Не удалось загрузить веса модели repeat-2l: показана запись'));
  return { id, layers: config.layers, heads: config.heads, vocab: config.vocab };
}
