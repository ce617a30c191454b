// The reader's tokenizer, by a library that only this page loads, and only when a model is opened.
import type { NamedFile } from '../../../../wasm/client/types.ts';
import { align, bytesOf, labelOf, type Span } from './align.ts';

export interface Cut {
  ids: number[];
  /** As the reader sees them; a space is visible. */
  labels: string[];
  spans: Span[];
}
export interface TextReader {
  cut(text: string): Cut;
  label(id: number): string;
  /** False where no tokenizer.json was given: the reader types token numbers. */
  readonly text: boolean;
}

const base = (name: string): string => name.split('/').at(-1) as string;
const MAX_TOKENIZER = 64 << 20;

/** A space shown, a line break named: a token may be nothing else. */
export const visible = (label: string): string => (label === '' ? '∅' : label.replaceAll(' ', '␣').replaceAll('\n', '⏎'));

/** Without a tokenizer the text is a list of numbers. */
export const numbers: TextReader = {
  text: false,
  label: (id) => `№${id}`,
  cut(text) {
    const ids = Array.from(text.matchAll(/\d+/g), (m) => Number(m[0]));
    return { ids, labels: ids.map((id) => `№${id}`), spans: ids.map(() => [0, 0]) };
  },
};

async function json(file: NamedFile): Promise<object> {
  if (file.blob.size > MAX_TOKENIZER) throw new Error(`Файл ${base(file.name)} слишком велик для токенизатора`);
  try {
    const value: unknown = JSON.parse(await file.blob.text());
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value;
  } catch { /* said below */ }
  throw new Error(`Файл ${base(file.name)} — не JSON: токенизатор не прочесть`);
}

export async function openTokenizer(files: readonly NamedFile[]): Promise<TextReader> {
  const find = (name: string): NamedFile | undefined => files.find((f) => base(f.name) === name);
  const main = find('tokenizer.json');
  if (!main) return numbers;
  const settings = find('tokenizer_config.json');
  const [description, config] = [await json(main), settings ? await json(settings) : {}];
  const { Tokenizer } = await import('@huggingface/tokenizers');
  let tokenizer: InstanceType<typeof Tokenizer>;
  try {
    tokenizer = new Tokenizer(description, config);
    tokenizer.encode('проба');
  } catch (cause) {
    throw new Error(`Токенизатор из tokenizer.json не открылся (${cause instanceof Error ? cause.message : String(cause)})`, { cause });
  }
  const { decoder, pre_tokenizer } = description as Record<string, unknown>;
  const byteLevel = /"ByteLevel"/.test(JSON.stringify([decoder, pre_tokenizer]));
  const special = new Set(Array.from(tokenizer.get_added_tokens_decoder().values(), (t) => t.content));
  const bytes = (token: string): Uint8Array | null => (special.has(token) ? null : bytesOf(token, byteLevel));
  const label = (token: string): string => {
    const piece = bytes(token);
    return visible(piece ? labelOf(piece) : token);
  };
  return {
    text: true,
    label: (id) => label(tokenizer.id_to_token(id) ?? `№${id}`),
    cut(text) {
      const { ids, tokens } = tokenizer.encode(text);
      return { ids: [...ids], labels: tokens.map(label), spans: align(text, tokens.map(bytes)) ?? tokens.map(() => [0, 0]) };
    },
  };
}
