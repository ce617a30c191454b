// The tokenizer that shows its merges: the rule by hand, and the ids of the core's own encoder.
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { label, normalise, SEPARATOR, Tokenizer } from './tokenizer';

const LETTERS = ' аилмруы';
function toy(): Tokenizer {
  const vocab: Record<string, number> = { '<|конец|>': 0 };
  for (let b = 0; b < 256; b += 1) vocab[`<0x${b.toString(16).toUpperCase().padStart(2, '0')}>`] = 1 + b;
  for (const c of LETTERS) vocab[c] = Object.keys(vocab).length;
  const merges: [string, string][] = [['м', 'а'], [' ', 'м'], [' м', 'а'], ['м', 'у'], ['л', 'а'], ['ма', 'ма']];
  for (const [a, b] of merges) vocab[a + b] ??= Object.keys(vocab).length;
  const Regex = ' ?[а-я]+| ?[0-9]| ?[^а-я0-9 ]+|[ ]';
  return new Tokenizer(JSON.stringify({ pre_tokenizer: { type: 'Split', pattern: { Regex } }, model: { vocab, merges } }));
}

describe('byte-pair encoding', () => {
  const t = toy();
  it('joins the pair of the lowest rank first, the leftmost of equals', () => {
    const w = t.word('мама');
    expect(w.start).toEqual(['м', 'а', 'м', 'а']);
    expect(w.merges.map((m) => m.pieces)).toEqual([['ма', 'м', 'а'], ['ма', 'ма'], ['мама']]);
    expect(w.merges.map((m) => [m.rank, m.at])).toEqual([[0, 0], [0, 1], [5, 0]]);
  });
  it('keeps the space with its word, and a lower rank wins over a longer piece', () => {
    // «ма» (rank 0) is joined before « м» (rank 1) can be, so « ма» never comes about.
    expect(t.word(' ма').merges.at(-1)?.pieces).toEqual([' ', 'ма']);
    expect(t.encode('мама мыла').words.map((w) => w.text)).toEqual(['мама', ' мыла']);
  });
  it('falls back to bytes, and they come back as the character', () => {
    const w = t.word('ж');
    expect(w.start).toEqual(['<0xD0>', '<0xB6>']);
    for (const text of ['мама мыла раму', 'ж🎄мама', '  рама 12!']) expect(t.decode(t.encode(text).ids)).toBe(text);
  });
  it('starts with the separator and writes е for ё', () => {
    expect(t.encode('мёл').ids[0]).toBe(SEPARATOR);
    expect(t.encode('мёл').normal).toBe('мел');
    expect(normalise('Ёлка ещё')).toBe('Елка еще');
    expect(label(' мы')).toBe('␣мы');
  });
  it('refuses a file without a split rule', () => {
    expect(() => new Tokenizer(JSON.stringify({ model: { vocab: {}, merges: [] } }))).toThrow(/правила/);
  });
});

// As `attn tokenizer encode --tokenizer models/ru-small/tokenizer.json TEXT` printed them, without the separator.
const CORE: [string, number[]][] = [
  ['Она сказала, что ещё не знает, как', [1749, 1031, 264, 435, 643, 409, 1582, 264, 489]],
  ['Ёлка 🎄 в 1889 году — «да»!\nНовая  строка', [333, 367, 407, 258, 241, 160, 143, 133, 393, 3219, 275, 275, 276, 458, 498, 430, 607, 437, 324, 259, 257, 1601, 681, 258, 2418, 407]],
  ['日本 text', [231, 152, 166, 231, 157, 173, 258, 316, 301, 320, 316]],
  ['достопримечательность', [455, 527, 980, 522, 493, 3991]],
];
const file = new URL('../../../../models/ru-small/tokenizer.json', import.meta.url);
it.skipIf(!existsSync(file))('gives the ids of the core', () => {
  const t = new Tokenizer(readFileSync(file, 'utf8'));
  for (const [text, ids] of CORE) expect(t.encode(text).ids.slice(1)).toEqual(ids);
});
