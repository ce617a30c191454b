import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { KINDS, parseSentences, queries, words, type RelationName } from './sentences';

const sentences = parseSentences(readFileSync(new URL('./sentences.txt', import.meta.url), 'utf8'));
const asked = sentences.map(queries);
const pairs = (relation: RelationName) => sentences.flatMap((s) => s.pairs.filter((p) => p.relation === relation));

describe('the labelled sentences of the course', () => {
  it('are at least 150, none twice, of five to fourteen words', () => {
    expect(sentences.length).toBeGreaterThanOrEqual(150);
    expect(new Set(sentences.map((s) => s.text.toLowerCase())).size).toBe(sentences.length);
    const lengths = sentences.map((s) => s.words.filter((w) => !w.punctuation).length);
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(5);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(14);
  });
  it('have at least forty examples of each relation', () => {
    for (const relation of ['nsubj', 'amod', 'case', 'obj', 'coref'] as const) expect(pairs(relation).length, relation).toBeGreaterThanOrEqual(40);
  });
  it('label each pair once, inside the sentence, never a punctuation mark', () => {
    for (const s of sentences) {
      expect(new Set(s.pairs.map((p) => JSON.stringify(p))).size, s.text).toBe(s.pairs.length);
      for (const p of s.pairs) for (const i of [p.head, p.dependent]) {
        expect(s.words[i], s.text).toBeDefined();
        expect(s.words[i]!.punctuation, s.text).toBe(false);
      }
    }
  });
  it('ask from the later word to the earlier one, and every pair is asked about once', () => {
    asked.flat().forEach((q) => { for (const j of q.to) expect(j).toBeLessThan(q.from); });
    expect(asked.flat().flatMap((q) => q.to).length).toBe(sentences.flatMap((s) => s.pairs).filter((p) => KINDS.some((k) => k.relation === p.relation && (k.from === 'head' ? p.dependent < p.head : p.head < p.dependent))).length);
  });
  it('put prepositions before nouns and antecedents before pronouns', () => {
    for (const p of pairs('case')) expect(p.dependent).toBeLessThan(p.head);
    for (const p of pairs('coref')) expect(p.head).toBeLessThan(p.dependent);
  });
  it('vary order and distance, so that no fixed offset answers two thirds of subjects, objects or pronouns', () => {
    for (const kind of KINDS.keys()) {
      const qs = asked.flat().filter((q) => q.kind === kind);
      if (qs.length < 20 || ['amod', 'case'].includes(KINDS[kind]!.relation)) continue;
      const best = Math.max(...Array.from({ length: 10 }, (_, k) => qs.filter((q) => q.to.includes(q.from - k - 1)).length / qs.length));
      expect(best, `${KINDS[kind]!.relation} from ${KINDS[kind]!.from}`).toBeLessThan(2 / 3);
    }
    const subjects = pairs('nsubj');
    const inverted = subjects.filter((p) => p.dependent > p.head).length / subjects.length;
    expect(inverted).toBeGreaterThan(0.12); // subjects after their verbs
    expect(inverted).toBeLessThan(0.75);
  });
});

describe('reading', () => {
  it('cuts words and marks as a treebank does', () => {
    expect(words('Кто-то ушёл: в лес?').map((w) => w.text)).toEqual(['Кто-то', 'ушёл', ':', 'в', 'лес', '?']);
    expect(words('ёж').map(({ begin, end }) => [begin, end])).toEqual([[0, 2]]);
  });
  it('refuses labels that do not fit', () => {
    expect(() => parseSentences('Кот спит. | s спит пёс')).toThrow('no word «пёс»');
    expect(() => parseSentences('Кот и кот. | a кот и')).toThrow('occurs 2 times');
    expect(() => parseSentences('Кот и кот. | s кот#3 и')).toThrow('кот#3');
    expect(() => parseSentences('Кот спит. | z спит кот')).toThrow('is not a label');
    expect(() => parseSentences('Он увидел кота. | c он кота')).toThrow('stands after it');
  });
  it('groups two adjectives of one noun into one question', () => {
    const [s] = parseSentences('Старый серый кот. | a кот старый; a кот серый');
    expect(queries(s!)).toEqual([{ kind: 2, from: 2, to: [0, 1] }]);
  });
});
