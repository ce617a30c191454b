// The Russian model in the page: fetched once, and only when the reader asks for it or touches a figure.
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { download, STOPPED } from '../../lib/download.ts';
import { openModel, type RuSmall } from './open.ts';

export const SIZE = '4,5 МБ';
const FILE = 'models/ru-small.safetensors';
const TOKENIZER = 'models/ru-small.tokenizer.json';
export const MISSING = 'Не удалось загрузить русскую модель: показана запись';

let wanted = $state(false);
let loaded = $state(false);
let share = $state(0);
let stopped = $state(false);
let stop = new AbortController();
let opened: Promise<RuSmall> | undefined;

export const loading = {
  /** The reader has asked: figures that come near may compute. */
  get wanted() { return wanted; },
  get loaded() { return loaded; },
  /** Downloaded so far, 0…1. */
  get share() { return share; },
  /** The reader has stopped the download: nothing starts it again but the reader. */
  get stopped() { return stopped; },
  want(): void {
    wanted = true;
    stopped = false;
  },
  cancel(): void {
    wanted = false;
    stopped = true;
    stop.abort();
  },
};

/** A failed download is tried again by the next figure that asks. */
export function ruSmall(engine: RemoteEngine): Promise<RuSmall> {
  // The engine may have been starting while the reader changed their mind.
  if (stopped) return Promise.reject(new Error(STOPPED));
  wanted = true;
  if (stop.signal.aborted) stop = new AbortController();
  const { signal } = stop;
  opened ??= Promise.all([download(FILE, MISSING, (got) => (share = got), signal), download(TOKENIZER, MISSING, undefined, signal)])
    .then(([bytes, tokenizer]) => openModel(engine, bytes, new TextDecoder().decode(tokenizer)))
    .then((m) => {
      loaded = true;
      return m;
    })
    .catch((reason: unknown) => {
      opened = undefined;
      share = 0;
      throw reason;
    });
  return opened;
}
