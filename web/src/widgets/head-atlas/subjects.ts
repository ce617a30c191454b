// The models that the atlas opens by itself, and the text they are shown.
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { download, NO_WEIGHTS } from '../../lib/download.ts';
import { parseSentences, type Sentence } from '../../data/sentences.ts';
import { letterTokens, type Subject } from './model.ts';

export type ModelName = 'ru-small' | 'repeat-2l';
export const TITLES: Record<ModelName, string> = { 'ru-small': 'ru-small', 'repeat-2l': 'repeat-2l' };

/** ё is folded before the tokenizer, where it can be seen; both letters are one UTF-16 unit, so spans stay. */
export const fold = (text: string): string => text.replaceAll('ё', 'е').replaceAll('Ё', 'Е');

/** The engine's calls for text. */
interface TextCalls {
  loadTokenizer(json: Uint8Array): Promise<{ id: number }>;
  encode(tokenizer: number, text: string): Promise<{ tokens: number[]; spans: [number, number][] }>;
}

/** A model that reads through a tokenizer of ours: the document separator (token 0) stands first, as in training. */
export async function withTokenizer(engine: RemoteEngine, model: Uint8Array, tokenizer: Uint8Array): Promise<Subject> {
  const text = engine as unknown as TextCalls;
  const { id } = await text.loadTokenizer(tokenizer);
  const info = await engine.loadModel(model);
  return {
    id: info.id, info,
    async tokenise(line) {
      const { tokens, spans } = await text.encode(id, fold(line));
      return { ids: [0, ...tokens], spans: [[0, 0], ...spans] };
    },
  };
}

export async function withLetters(engine: RemoteEngine, model: Uint8Array): Promise<Subject> {
  const info = await engine.loadModel(model);
  return { id: info.id, info, tokenise: (text) => Promise.resolve(letterTokens(text)) };
}

const weights = (file: string): Promise<Uint8Array> => download(`models/${file}`, NO_WEIGHTS);

const opened = new Map<ModelName, Promise<Subject>>();

/** In the page: each model is fetched once; a failed download is tried again on the next request. */
export function open(engine: RemoteEngine, name: ModelName): Promise<Subject> {
  const load = async (): Promise<Subject> => {
    if (name === 'repeat-2l') return withLetters(engine, await weights('repeat-2l.safetensors'));
    const [model, tokenizer] = await Promise.all([weights('ru-small.safetensors'), weights('ru-small.tokenizer.json')]);
    return withTokenizer(engine, model, tokenizer);
  };
  const found = opened.get(name) ?? load();
  opened.set(name, found);
  found.catch(() => opened.delete(name));
  return found;
}

let sentences: Promise<Sentence[]> | undefined;
/** Twenty kilobytes that only a live calculation needs. */
export function loadSentences(): Promise<Sentence[]> {
  sentences ??= import('../../data/sentences.txt?raw').then((m) => parseSentences(m.default));
  sentences.catch(() => (sentences = undefined)); // offline: asked for again the next time
  return sentences;
}
