// The sentences written for the course, with the relations labelled in them by hand, as questions to
// a head: from the later word to the earlier one, the only way a causal model can see a relation.
export interface Word {
  text: string;
  /** UTF-16 offsets in the sentence. */
  begin: number;
  end: number;
  punctuation: boolean;
}
export type RelationName = 'nsubj' | 'amod' | 'case' | 'obj' | 'coref';
export interface Pair {
  relation: RelationName;
  /** Word indices: the head of the relation and its dependent (antecedent and pronoun). */
  head: number;
  dependent: number;
}
export interface Sentence {
  text: string;
  words: Word[];
  pairs: Pair[];
}
/** Who asks: the head of the relation when it stands later, else the dependent. */
export interface RelationKind {
  relation: RelationName;
  from: 'head' | 'dependent';
}
/** In the order of attn::text::relation_kinds (core/attn/text/labelled.hpp). */
export const KINDS: readonly RelationKind[] = [
  { relation: 'nsubj', from: 'head' }, { relation: 'nsubj', from: 'dependent' },
  { relation: 'amod', from: 'head' }, { relation: 'amod', from: 'dependent' },
  { relation: 'case', from: 'head' }, { relation: 'obj', from: 'dependent' },
  { relation: 'obj', from: 'head' }, { relation: 'coref', from: 'dependent' },
];
export interface Query {
  kind: number;
  from: number;
  /** Earlier words, all of them right. */
  to: number[];
}

const LETTERS: Record<string, RelationName> = { s: 'nsubj', a: 'amod', p: 'case', o: 'obj', c: 'coref' };

/** Words and punctuation marks; a hyphen inside a word belongs to it. */
export function words(text: string): Word[] {
  return Array.from(text.matchAll(/[\p{L}\p{N}]+(?:-[\p{L}\p{N}]+)*|[^\s\p{L}\p{N}]+/gu), (m) => ({
    text: m[0], begin: m.index, end: m.index + m[0].length, punctuation: !/[\p{L}\p{N}]/u.test(m[0]),
  }));
}

function find(all: readonly Word[], name: string, line: number): number {
  const [word = '', nth] = name.split('#') as [string, string?];
  const found = all.flatMap((w, i) => (w.text.toLowerCase() === word ? [i] : []));
  const index = nth === undefined ? 0 : Number(nth) - 1;
  if (found.length === 0 || index >= found.length || index < 0) throw new Error(`line ${line}: no word «${name}» in the sentence`);
  if (nth === undefined && found.length > 1) throw new Error(`line ${line}: «${name}» occurs ${found.length} times; write ${word}#1`);
  return found[index] as number;
}

/** Format: see the head of sentences.txt. Throws with the line when a label does not fit its sentence. */
export function parseSentences(source: string): Sentence[] {
  const out: Sentence[] = [];
  source.split('\n').forEach((raw, n) => {
    if (raw.trim() === '' || raw.startsWith('#')) return;
    const [text = '', labels] = raw.split('|').map((part) => part.trim());
    const all = words(text);
    const pairs = (labels ?? '').split(';').filter((l) => l.trim() !== '').map((label): Pair => {
      const [letter = '', first = '', second = '', ...rest] = label.trim().split(' ');
      const relation = LETTERS[letter];
      if (!relation || !second || rest.length > 0) throw new Error(`line ${n + 1}: «${label.trim()}» is not a label`);
      const [a, b] = [find(all, first, n + 1), find(all, second, n + 1)];
      // A pronoun depends on its antecedent, and is written first.
      const pair = relation === 'coref' ? { relation, head: b, dependent: a } : { relation, head: a, dependent: b };
      if (a === b) throw new Error(`line ${n + 1}: «${label.trim()}» relates a word to itself`);
      if (relation === 'coref' && pair.head > pair.dependent) throw new Error(`line ${n + 1}: the antecedent of «${first}» stands after it`);
      return pair;
    });
    out.push({ text, words: all, pairs });
  });
  return out;
}

/** Partners grouped by the later word: a noun with two adjectives is one question with two right answers. */
export function queries(sentence: Sentence): Query[] {
  const out: Query[] = [];
  KINDS.forEach(({ relation, from }, kind) => {
    const groups = new Map<number, number[]>();
    for (const p of sentence.pairs) {
      if (p.relation !== relation) continue;
      const [asks, answer] = from === 'head' ? [p.head, p.dependent] : [p.dependent, p.head];
      if (answer < asks) groups.set(asks, [...(groups.get(asks) ?? []), answer]);
    }
    for (const [asks, to] of [...groups].sort((x, y) => x[0] - y[0])) out.push({ kind, from: asks, to: to.sort((x, y) => x - y) });
  });
  return out;
}
