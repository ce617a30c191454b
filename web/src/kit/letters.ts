// The reader's alphabet: the 32 letters а…я without ё (ё is folded to е). Token id = index.

export const ALPHABET = 'абвгдежзийклмнопрстуфхцчшщъыьэюя';

/** How a string typed by the reader became tokens, and what to tell them about it. */
export interface Encoded {
  ids: number[];
  /** The accepted string: lower case, ё folded, foreign characters removed, cut to `max`. */
  text: string;
  /** Characters refused, each once, in order of appearance. */
  refused: string[];
  /** How many letters beyond `max` were cut. */
  cut: number;
  folded: boolean;
}

export function encodeText(input: string, max = Infinity, alphabet = ALPHABET): Encoded {
  const accepted: string[] = [];
  const refused = new Set<string>();
  let cut = 0;
  let folded = false;
  for (const raw of input.normalize('NFC').toLowerCase()) {
    const folds = raw === 'ё' && !alphabet.includes('ё');
    const letter = folds ? 'е' : raw;
    if (!alphabet.includes(letter)) refused.add(raw);
    else if (accepted.length >= max) cut += 1;
    else {
      accepted.push(letter);
      folded ||= folds;
    }
  }
  return { ids: accepted.map((c) => alphabet.indexOf(c)), text: accepted.join(''), refused: [...refused], cut, folded };
}

/** Token ids of `text`; what is not in the alphabet is left out (encodeText says what). */
export const encode = (text: string): number[] => encodeText(text).ids;

export function decode(ids: ArrayLike<number>): string {
  return Array.from(ids, (id) => ALPHABET[id] ?? '�').join('');
}

/** The sentence shown under a strip when not everything typed was taken; empty when all was. */
export function explainEncoding(e: Encoded, max: number, plural: (n: number, forms: [string, string, string]) => string): string {
  const parts: string[] = [];
  if (e.refused.length > 0) {
    const shown = e.refused.slice(0, 6).map((c) => (c === ' ' ? 'пробел' : `«${c}»`));
    const more = e.refused.length > 6 ? ' и другие' : '';
    parts.push(`Модель знает только буквы а…я, поэтому пропущено: ${shown.join(', ')}${more}.`);
  }
  if (e.cut > 0) {
    parts.push(`В строку помещается ${max} ${plural(max, ['буква', 'буквы', 'букв'])}: отброшено в конце — ${e.cut}.`);
  }
  if (e.folded) parts.push('Буквы ё в алфавите модели нет, вместо неё — е.');
  return parts.join(' ');
}

export const letters = { alphabet: ALPHABET, encode, decode, parse: encodeText };
