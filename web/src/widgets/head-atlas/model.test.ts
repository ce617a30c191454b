import { describe, expect, it } from 'vitest';
import { queries, words, type Sentence } from '../../data/sentences';
import { ask, clustered, HeadMeter, jensenShannon, relation, wordRow, type Answer, type Layout } from './meter';
import { layoutOf, letterTokens, show, Surveyor, survey, type Subject } from './model';
import { unpack, type Packed } from './recorded';
import { excess, fromSentences, fromTreebanks, kept, naming, ROLES } from './scores';
import { fold } from './subjects';
import json from './recording.json';

// The layout of tests/core/head_roles_test.cpp: separator, [1 2] [3] [4 5 6], the middle word a comma.
const layout: Layout = { word: [-1, 0, 0, 1, 2, 2, 2], punctuation: [false, true, false] };
const ids = [0, 5, 6, 7, 5, 6, 9];
const roles = (key: (t: number) => number) => {
  const m = new HeadMeter();
  for (let t = 0; t < 7; t += 1) m.addRow((s) => (s === key(t) ? 1 : 0), t, ids, layout);
  return m.value();
};

describe('roles agree with the core’s on the same hand-made patterns', () => {
  it('a previous-token head', () => {
    const r = roles((t) => Math.max(0, t - 1));
    expect([r.previous, r.across, r.inside, r.offset, r.offset_weight, r.offset_top]).toEqual([1, 1, 1, 1, 1, 1]);
    expect(r.punctuation).toBeCloseTo(1 / 3, 12);
  });
  it('a head that stays inside the word', () => {
    const r = roles((t) => (t === 2 ? 1 : t >= 5 ? 4 : t));
    expect([r.inside, r.across]).toEqual([1, 0]);
  });
  it('a sink is no offset', () => {
    const r = roles(() => 0);
    expect([r.first, r.offset_weight]).toEqual([1, 0]);
  });
  it('three back', () => expect(roles((t) => (t > 3 ? t - 3 : 0)).offset).toBe(3));
  it('duplicate and induction, where the token has occurred before', () => {
    expect(roles((t) => (t >= 4 ? t - 3 : 0)).duplicate).toBe(1);
    expect(roles((t) => (t >= 4 ? t - 2 : 0)).induction).toBe(1);
  });
  it('the uniform baseline by hand', () => {
    const m = new HeadMeter();
    for (let t = 0; t < 7; t += 1) m.addRow(() => 1 / (t + 1), t, ids, layout);
    const u = m.value();
    expect(u.inside).toBeCloseTo((1 / 3 + 1 / 6 + 2 / 7) / 3, 12);
    expect(u.across).toBeCloseTo((1 / 4 + 1 / 5) / 2, 12);
    expect(u.entropy_ratio).toBeCloseTo(1, 12);
  });
});

describe('relations', () => {
  it('a word is the sum of its pieces, read from its last one', () => {
    const l: Layout = { word: [-1, 0, 0, 1, 1], punctuation: [false, false] };
    const map = [1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0.5, 0.5, 0, 0, 0.2, 0.1, 0.3, 0.4, 0, 0.1, 0.4, 0.25, 0.05, 0.2];
    expect(wordRow(map, l, 1)[0]).toBeCloseTo(0.65, 12);
    expect(wordRow(map, l, 1)[1]).toBeCloseTo(0.25, 12);
  });
  const five: Layout = { word: [-1, 0, 1, 2, 3, 4], punctuation: [false, false, false, false, false] };
  const rows = (...choices: number[]) => choices.map((c) => Array.from({ length: 5 }, (_, j) => (j === c ? 0.6 : 0)));
  it('is chosen on the even half and reported on the odd one, beside the offset', () => {
    const answers = [ask({ kind: 0, from: 4, to: [2] }, five, rows(2, 3), 0), ask({ kind: 0, from: 4, to: [1] }, five, rows(1, 3), 1), ask({ kind: 0, from: 3, to: [0] }, five, rows(0, 2), 3)] as Answer[];
    const r = relation(answers, 2);
    expect([r.queries, r.heldOut, r.head, r.offset, r.offsetAccuracy, r.accuracy.value, r.gain.value]).toEqual([3, 2, 0, 2, 0, 1, 1]);
    expect(r.chance).toBeCloseTo((1 / 4 + 1 / 3) / 2, 12);
    expect(r.headAccuracy).toEqual([1, 0]);
  });
  it('asks nothing of a word without tokens', () => {
    expect(ask({ kind: 0, from: 2, to: [1] }, { word: [0, 2], punctuation: [false, false, false] }, rows(0), 0)).toBeNull();
  });
  it('sentences, not questions, are the units of the interval', () => {
    const x = Array.from({ length: 100 }, (_, i) => ({ group: Math.floor(i / 10), x: Math.floor(i / 10) % 2 }));
    const wide = clustered(x);
    const narrow = clustered(x.map((v, i) => ({ ...v, group: i })));
    expect(wide.value).toBe(0.5);
    expect(wide.high - wide.low).toBeGreaterThan(2.5 * (narrow.high - narrow.low));
    expect(narrow.high - narrow.low).toBeCloseTo(2 * 1.96 * Math.sqrt(0.25 / 99), 9);
  });
  it('Jensen–Shannon is 0 for equal rows and one bit for rows that never meet', () => {
    expect(jensenShannon([0.5, 0.5], [0.5, 0.5], 0, 2)).toBe(0);
    expect(jensenShannon([1, 0], [0, 1], 0, 2)).toBe(1);
  });
});

const sentence: Sentence = { text: 'Ёж ест ежа.', words: words('Ёж ест ежа.'), pairs: [{ relation: 'nsubj', head: 1, dependent: 0 }, { relation: 'obj', head: 1, dependent: 2 }] };

describe('text and tokens', () => {
  it('letters lose spaces and marks and keep their words', () => {
    const { ids: letters, spans } = letterTokens(sentence.text);
    expect(letters.length).toBe(8);
    expect(letters[0]).toBe(5); // ё is е
    expect(layoutOf(sentence, spans).word).toEqual([0, 0, 1, 1, 1, 2, 2, 2]);
  });
  it('a piece with its leading space belongs to the word after the space; the separator to none', () => {
    expect(layoutOf(sentence, [[0, 0], [0, 2], [2, 5], [5, 6], [6, 8], [8, 10], [10, 11]]).word).toEqual([-1, 0, 1, 1, 2, 2, 3]);
  });
  it('folding ё moves nothing', () => expect(fold('Ёж ещё')).toBe('Еж еще'));
});

describe('a survey with an engine whose heads are known', () => {
  // Head 0 always reads the previous token, head 1 itself.
  const engine = {
    run: (_: number, { tokens }: { tokens: number[][] }) => {
      const T = tokens[0]!.length;
      const data = new Float32Array(2 * T * T);
      for (let t = 0; t < T; t += 1) {
        data[t * T + Math.max(0, t - 1)] = 1;
        data[(T + t) * T + t] = 1;
      }
      return Promise.resolve({ tensors: { 'blocks.0.attn.pattern': { shape: [1, 2, T, T], data } }, loss: 1 });
    },
    headScores: () => Promise.resolve({ heads: [{ duplicate: 0, induction: 0 }, { duplicate: 0, induction: 0 }], baseline: { duplicate: 0.1, induction: 0.1 } }),
  } as unknown as Parameters<typeof survey>[0];
  const subject = (context: number): Subject => ({ id: 1, info: { id: 1, config: { layers: 1, heads: 2, context, vocab: 32, width: 8 }, parameters: [], metadata: {} }, tokenise: (text) => Promise.resolve(letterTokens(text)) });
  it('finds them, counts sentences and skips those that do not fit', async () => {
    const atlas = await survey(engine, subject(48), [sentence, { ...sentence, text: 'Ёж '.repeat(40), words: words('Ёж '.repeat(40)), pairs: [] }]);
    expect([atlas.sentences, atlas.skipped, atlas.tokens]).toEqual([1, 1, 8]);
    const source = fromSentences(atlas, 0.3);
    expect(source.roles[0]).toBe('previous');
    expect(source.roles[1]).toBe('none');
    expect(atlas.neighbours[0]).toEqual([{ head: 1, distance: 1 }]);
    // The last letter of «ест» reads «с», its own word: head 0 never leaves the word, so it finds no subject.
    expect(atlas.relations[0]!.queries).toBe(1);
    expect(atlas.examples[0]![0]).toMatchObject({ sentence: 0, weight: 0 });
  });
  it('shows maps of every head over the sentence’s tokens', async () => {
    const shown = (await show(engine, subject(48), sentence))!;
    expect(shown.maps.length).toBe(2);
    expect(shown.maps[1]![7 * 8 + 7]).toBe(1);
    expect(queries(sentence)).toHaveLength(2);
    expect(() => new Surveyor(1, 2).result({ repeats: [], repeatsUniform: { duplicate: 0, induction: 0 } })).not.toThrow();
  });
});

describe('names', () => {
  it('say how much of the room above the baseline is taken', () => {
    expect(excess(0.55, 0.1)).toBeCloseTo(0.5, 12);
    expect(excess(0.05, 0.1)).toBeLessThan(0);
  });
});

describe('the recording', () => {
  const { atlas, native } = unpack(json as unknown as Packed);
  const n = atlas.layers * atlas.heads;
  const sources = [fromSentences(atlas, 0.3), ...(native ? [fromTreebanks(atlas, native, 0.3)] : [])];
  it('has every head in every score, shares within 0…1', () => {
    for (const source of sources) for (const s of source.scores) {
      expect(s.values.length, s.id).toBe(n);
      if (s.share) for (const v of [...s.values, s.baseline]) expect(v >= 0 && v <= 1.0001, `${s.id}: ${v}`).toBe(true);
    }
  });
  it('has eight relations, intervals around their values, and heads that exist', () => {
    for (const { relations } of sources) {
      expect(relations.length).toBe(8);
      for (const r of relations) {
        expect(r.head).toBeLessThan(n);
        expect(r.gain.low).toBeLessThanOrEqual(r.gain.value + 1e-3);
        expect(r.gain.high).toBeGreaterThanOrEqual(r.gain.value - 1e-3);
        expect(r.gain.value).toBeCloseTo(r.accuracy.value - r.offsetAccuracy, 2);
      }
    }
    for (const r of native?.relations ?? []) expect(r.untrained).toBeDefined();
  });
  it('names a head syntactic only when its gain stands clear of zero', () => {
    for (const source of sources) source.roles.forEach((role, h) => {
      expect(Object.keys(ROLES)).toContain(role);
      if (role === 'relation') expect(kept(source.relations, h).length).toBeGreaterThan(0);
      expect(naming(source, h, 2).role === 'none' || naming(source, h, 2).role === 'relation').toBe(true);
    });
  });
  it('was made on all sentences of the course and weighs at most 20 KB', () => {
    expect(atlas.sentences + atlas.skipped).toBeGreaterThanOrEqual(150);
    expect(JSON.stringify(json).length).toBeLessThan(20 * 1024);
  });
});
