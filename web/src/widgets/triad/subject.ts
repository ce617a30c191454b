// A model on the bench, seen as the bench needs it: text in, tokens and their names out, and other texts to borrow from.
import { ALPHABET, decode, encode } from '../../kit/letters.ts';
import type { RuSmall } from '../ru-small/open.ts';
import { label } from '../ru-small/tokenizer.ts';
import type { Specimen } from '../specimen/specimen.ts';

export const MODELS = ['ru-small', 'repeat-2l'] as const;
export type ModelName = (typeof MODELS)[number];
/** Known before anything is loaded: the grid and the state of the address need them. */
export const SHAPES: Record<ModelName, { layers: number; heads: number; max: number }> = {
  'ru-small': { layers: 5, heads: 8, max: 120 },
  'repeat-2l': { layers: 2, heads: 4, max: 40 },
};

export interface Subject {
  name: ModelName;
  id: number;
  layers: number;
  heads: number;
  vocab: number;
  encode(text: string): number[];
  /** As it is shown. */
  token(id: number): string;
  /** The token that a word begins with, the space before it included; null if the text has none. */
  first(word: string): number | null;
  /** Other texts of this length, whose outputs are borrowed; the first token is kept. */
  others(ids: readonly number[]): number[][];
}

/** Texts of the course's own, of what the model was trained on in kind but not in letter. */
export const OTHERS = [
  'Хозяин долго искал ключи, не нашел их и велел позвать слесаря с соседней улицы.',
  'Утром пришло письмо, и тетка читала его вслух, останавливаясь на каждом слове.',
  'Мы ехали берегом, солнце уже садилось, и над водой поднимался туман.',
  'Офицер улыбнулся, поклонился дамам и попросил позволения закурить.',
  'Через неделю все забыли об этом разговоре, кроме старого учителя.',
  'Вы напрасно думаете, что деньги могут что-нибудь изменить в моей жизни.',
  'Собака залаяла, кто-то закричал во дворе, и опять стало тихо.',
  'Когда гости разошлись, она села к роялю и заиграла что-то грустное.',
];

export function russian(m: RuSmall): Subject {
  const { tokenizer, net } = m;
  // The document separator stands first, and only there.
  const bodies = OTHERS.map((text) => tokenizer.encode(text).ids.slice(1));
  return {
    name: 'ru-small', id: m.id, layers: net.layers, heads: net.heads, vocab: net.vocab,
    encode: (text) => tokenizer.encode(text).ids,
    token: (id) => label(tokenizer.name(id)),
    first(word) {
      const bare = word.replace(/^␣/, ' ');
      return tokenizer.encode(bare).ids[1] ?? null;
    },
    others: (ids) => bodies.map((_, k) => {
      const stream = [...bodies.slice(k), ...bodies.slice(0, k)].flat();
      while (stream.length + 1 < ids.length) stream.push(...stream);
      return [ids[0]!, ...stream.slice(0, ids.length - 1)];
    }),
  };
}

export function letterModel(m: Specimen): Subject {
  const { layers, heads, vocab } = m.info.config;
  const size = ALPHABET.length;
  return {
    name: 'repeat-2l', id: m.id, layers, heads, vocab,
    encode: (text) => encode(text),
    token: (id) => decode([id]),
    first: (word) => encode(word)[0] ?? null,
    // The same pattern of repeats in other letters: any other string would be nothing to this model but noise.
    others: (ids) => Array.from({ length: 8 }, (_, k) => ids.map((id) => (id + 3 * k + 5) % size)),
  };
}
