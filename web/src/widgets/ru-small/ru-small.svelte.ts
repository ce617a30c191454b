// The Russian model in the page: fetched once, and only when the reader asks for it or touches a figure.
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { openModel, type RuSmall } from './open.ts';

export const SIZE = '4,5 МБ';
const FILE = 'models/ru-small.safetensors';
const TOKENIZER = 'models/ru-small.tokenizer.json';

let wanted = $state(false);
let loaded = $state(false);
let share = $state(0);
let opened: Promise<RuSmall> | undefined;

export const loading = {
  /** The reader has asked: figures that come near may compute. */
  get wanted() { return wanted; },
  get loaded() { return loaded; },
  /** Downloaded so far, 0…1. */
  get share() { return share; },
  want: () => void (wanted = true),
};

/** A failed download is tried again by the next figure that asks. */
export function ruSmall(engine: RemoteEngine): Promise<RuSmall> {
  wanted = true;
  opened ??= Promise.all([download(FILE, true), download(TOKENIZER)])
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

const MISSING = 'Не удалось загрузить русскую модель: показана запись';

async function download(path: string, counted = false): Promise<Uint8Array<ArrayBuffer>> {
  const url = new URL(`${import.meta.env.BASE_URL.replace(/\/?$/, '/')}${path}`, location.href);
  const response = await fetch(url).catch(() => null);
  if (!response?.ok || !response.body) throw new Error(MISSING);
  const whole = Number(response.headers.get('content-length') ?? 0);
  const parts: Uint8Array[] = [];
  let got = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(() => { throw new Error(MISSING); });
    if (done) break;
    parts.push(value);
    got += value.length;
    if (counted && whole > 0) share = Math.min(1, got / whole);
  }
  const out = new Uint8Array(got);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
