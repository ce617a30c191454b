import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { align, bytesOf, labelOf } from './align';
import { estimate, maxTokens, moved, overview, probability, refusal, sentencesFor, size, topK } from './model';
import { numbers, openTokenizer, visible } from './tokenizer';
import type { ModelPlan } from '../../../../wasm/client/types';

const golden = new URL('../../../../tests/golden/hf/', import.meta.url);
const tokenizerOf = (name: string) => openTokenizer([{ name: `${name}/tokenizer.json`, blob: new Blob([readFileSync(new URL(`${name}/tokenizer.json`, golden))]) }]);

/** GPT-2's spelling of text as bytes, made the forward way. */
function spelt(text: string): string {
  const all = new Map<number, string>();
  for (let code = 0; code < 512; code += 1) { const [b] = bytesOf(String.fromCharCode(code), true); if (bytesOf(String.fromCharCode(code), true).length === 1 && !all.has(b!)) all.set(b!, String.fromCharCode(code)); }
  return Array.from(new TextEncoder().encode(text), (b) => all.get(b)).join('');
}

describe('where a token stands', () => {
  it('byte-level tokens, a character in pieces included', () => {
    const text = 'Ещё раз';
    const bytes = new TextEncoder().encode(text);
    const pieces = [bytes.slice(0, 2), bytes.slice(2, 3), bytes.slice(3, 6), bytes.slice(6)];
    expect(align(text, pieces)).toEqual([[0, 1], [1, 2], [1, 3], [3, 7]]);
    expect(labelOf(pieces[1]!)).toBe('‹D1›');
  });
  it('spells 256 bytes with 256 characters', () => {
    expect(new Set(Array.from({ length: 256 }, (_, b) => spelt(String.fromCharCode(b)))).size).toBe(256);
    expect(bytesOf('ĠÐŁ', true)).toEqual(new TextEncoder().encode(' П'));
    expect(bytesOf('<0xD0>', false)).toEqual(Uint8Array.of(0xd0));
  });
  it('spaces that a tokenizer adds or drops', () => {
    const piece = (t: string) => bytesOf(t, false);
    expect(align('он шёл', [null, piece('▁он'), piece('▁ш'), piece('ёл')])).toEqual([[0, 0], [0, 2], [2, 4], [4, 6]]);
    expect(align('он шёл', [null, piece('он'), piece('ш'), piece('##ел'), null])).toEqual([[0, 0], [0, 2], [3, 4], [4, 6], [0, 0]]);
  });
  it('says so when lengths do not come out', () => {
    expect(align('ab', [bytesOf('abc', false)])).toBeNull();
    expect(align('abc', [bytesOf('a', false)])).toBeNull();
  });
});

describe('tokenizers', () => {
  it('every golden folder has one that fits its vocabulary and keeps places', async () => {
    for (const name of readdirSync(golden)) {
      const { vocab_size: vocab } = JSON.parse(readFileSync(new URL(`${name}/config.json`, golden), 'utf8')) as { vocab_size: number };
      const reader = await tokenizerOf(name);
      const { ids, spans, labels } = reader.cut('bed face');
      expect(ids.every((id) => id >= 0 && id < vocab), name).toBe(true);
      expect(spans.filter(([a, b]) => b > a).map(([a, b]) => 'bed face'.slice(a, b).trim()).join(''), name).toBe('bedface');
      expect(labels.length).toBe(ids.length);
      expect(reader.label(ids[1]!)).toBe(labels[1]);
    }
  });
  it('without tokenizer.json the text is numbers', async () => {
    expect(await openTokenizer([])).toBe(numbers);
    expect(numbers.cut('3, 14 и 15').ids).toEqual([3, 14, 15]);
  });
  it('refuses in words what is no tokenizer', async () => {
    const file = (text: string) => [{ name: 'tokenizer.json', blob: new Blob([text]) }];
    await expect(openTokenizer(file('[1]'))).rejects.toThrow(/не JSON/);
    await expect(openTokenizer(file('{"model": {"type": "Nonsense"}}'))).rejects.toThrow(/не открылся/);
    expect(visible(' a\n')).toBe('␣a⏎');
  });
});

describe('numbers', () => {
  it('the likeliest tokens, in order', () => {
    const logits = Float32Array.of(0, 3, -1, 3, 2);
    expect(topK(logits, 3).map((g) => g.id)).toEqual([1, 3, 4]);
    expect(topK(logits, 9).reduce((s, g) => s + g.p, 0)).toBeCloseTo(1, 6);
    expect(probability(logits, 4)).toBeCloseTo(topK(logits, 3)[2]!.p, 9);
  });
  it('how far a state moved', () => {
    expect(moved(Float32Array.of(3, 4), Float32Array.of(3, 4))).toBe(0);
    expect(moved(Float32Array.of(3, 4), Float32Array.of(0, 0))).toBe(1);
  });
  it('one number per head', () => {
    const map = Float32Array.of(1, 0, 0, 0.5, 0.5, 0, 0, 0.25, 0.75);
    expect(overview(map, 3, 'first', true)).toBeCloseTo(0.25);
    expect(overview(map, 3, 'previous', true)).toBeCloseTo(0.375);
    expect(overview(map, 3, 'self', true)).toBeCloseTo(0.75);
    expect(overview(Float32Array.of(1, 0, 0.5, 0.5), 2, 'entropy', true)).toBeCloseTo(1);
    expect(overview(Float32Array.of(1), 1, 'first', true)).toBe(0);
  });
  it('says what it costs', () => {
    const plan = { modelType: 'qwen2', parameters: 494032768, dtypes: 'BF16 and F32', readBytes: 988e6, weightBytes: 988e6, runBytes: 3e8, runTokens: 128, needed: 5 * 2 ** 30, limit: 4 * 2 ** 30, fits: false, config: { layers: 24, heads: 14, kv_heads: 2, width: 896, vocab: 151936, context: 32768 } } as unknown as ModelPlan;
    expect(Object.fromEntries(estimate(plan))).toMatchObject({ 'параметров': '494,0 млн', 'веса записаны как': 'BF16 и F32', 'голов в слое': '14 (наборов ключей и значений: 2)', 'нужно всего': 'около 5,00 ГБ из 4,00 ГБ' });
    expect(refusal(plan)).toMatch(/не поместится/);
    expect(refusal({ ...plan, fits: true })).toBe('');
    expect(maxTokens({ ...plan, predicts: true, config: { ...plan.config, mlp_width: 4864 } })).toBeGreaterThan(100);
    expect(maxTokens({ ...plan, predicts: true, config: { ...plan.config, context: 16, vocab: 29 } })).toBe(16);
    expect([size(100), size(3 * 2 ** 20), size(300 * 2 ** 20)]).toEqual(['1 КБ', '3,0 МБ', '300 МБ']);
    expect([sentencesFor(40, 220), sentencesFor(144, 220), sentencesFor(336, 220)]).toEqual([220, 100, 40]);
  });
});
