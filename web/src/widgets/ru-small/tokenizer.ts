// Byte-pair encoding read from the model's tokenizer.json, with every merge on view. The core has a faster one
// (core/attn/text); this one exists to show the steps, and the tests hold it to the ids of the core.
export interface Merge {
  /** The pieces after this merge. */
  pieces: string[];
  /** What was joined, and its place in the list of merges: the lower, the earlier it was learned. */
  joined: string;
  rank: number;
  /** Index of the new piece. */
  at: number;
}
export interface Word {
  text: string;
  /** Before any merge: characters, or bytes of what the alphabet lacks. */
  start: string[];
  merges: Merge[];
  ids: number[];
}
export interface Encoded {
  normal: string;
  words: Word[];
  ids: number[];
  tokens: string[];
}

/** The only change made to a text before the tokenizer sees it: the corpus writes «е» for «ё» more often than not. */
export const normalise = (text: string): string => text.replaceAll('ё', 'е').replaceAll('Ё', 'Е');

export const SEPARATOR = 0;
const BYTE = /^<0x([0-9A-F]{2})>$/;

interface File {
  pre_tokenizer?: unknown;
  model: { vocab: Record<string, number>; merges: ([string, string] | string)[] };
}

/** The split rule stands in the file as a regular expression, alone or in a sequence. */
function pattern(node: unknown): string | undefined {
  if (typeof node !== 'object' || node === null) return undefined;
  const { pattern: own, pretokenizers } = node as { pattern?: { Regex?: string }; pretokenizers?: unknown[] };
  return own?.Regex ?? pretokenizers?.map(pattern).find(Boolean);
}

export class Tokenizer {
  readonly vocab: number;
  #ids: Map<string, number>;
  #names: string[] = [];
  #ranks = new Map<string, number>();
  #split: RegExp;

  constructor(json: string) {
    const file = JSON.parse(json) as File;
    const split = pattern(file.pre_tokenizer);
    if (!split) throw new Error('В файле токенизатора нет правила, по которому текст режут на слова');
    this.#split = new RegExp(split, 'gu');
    this.#ids = new Map(Object.entries(file.model.vocab));
    for (const [name, id] of this.#ids) this.#names[id] = name;
    this.vocab = this.#names.length;
    file.model.merges.forEach((pair, rank) => this.#ranks.set(typeof pair === 'string' ? pair.replace(' ', '\u0000') : pair.join('\u0000'), rank));
  }

  name(id: number): string {
    return this.#names[id] ?? `?${id}`;
  }

  /** The text of tokens; bytes that make no character show as U+FFFD. */
  decode(ids: readonly number[]): string {
    let out = '';
    let bytes: number[] = [];
    const flush = (): void => {
      if (bytes.length > 0) out += new TextDecoder().decode(Uint8Array.from(bytes));
      bytes = [];
    };
    for (const id of ids) {
      if (id === SEPARATOR) continue;
      const byte = BYTE.exec(this.name(id));
      if (byte) bytes.push(parseInt(byte[1]!, 16));
      else {
        flush();
        out += this.name(id);
      }
    }
    flush();
    return out;
  }

  #start(word: string): string[] {
    return Array.from(word).flatMap((c) => (this.#ids.has(c) ? [c] : Array.from(new TextEncoder().encode(c), (b) => `<0x${b.toString(16).toUpperCase().padStart(2, '0')}>`)));
  }

  /** The pair of the lowest rank first, the leftmost of equals, until no pair is a merge. */
  word(text: string): Word {
    const start = this.#start(text);
    const merges: Merge[] = [];
    let pieces = start;
    for (;;) {
      let [at, rank] = [-1, Infinity];
      for (let i = 0; i + 1 < pieces.length; i += 1) {
        const found = this.#ranks.get(`${pieces[i]}\u0000${pieces[i + 1]}`);
        if (found !== undefined && found < rank) [at, rank] = [i, found];
      }
      if (at < 0) break;
      const joined = `${pieces[at]}${pieces[at + 1]}`;
      pieces = [...pieces.slice(0, at), joined, ...pieces.slice(at + 2)];
      merges.push({ pieces, joined, rank, at });
    }
    return { text, start, merges, ids: pieces.map((p) => this.#ids.get(p) ?? SEPARATOR) };
  }

  /** The document separator stands first, as in training. */
  encode(text: string): Encoded {
    const normal = normalise(text);
    const words = (normal.match(this.#split) ?? []).map((w) => this.word(w));
    const ids = [SEPARATOR, ...words.flatMap((w) => w.ids)];
    return { normal, words, ids, tokens: ids.map((id) => label(this.name(id))) };
  }
}

/** How a token is written under a figure: the space that belongs to it is shown. */
export function label(name: string): string {
  if (name === '<|конец|>') return '⊢';
  return name.replace(/ /g, '␣').replace(/\n/g, '↵');
}
