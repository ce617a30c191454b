import { describe, expect, it } from 'vitest';
import { base, cell, config, cut, digitAccuracy, digits, example, gaze, HEADS, headsFor, median, PLACES, say, VOCAB, WIDTH, type Recorded } from './model';
import recordedJson from './recording.json';

const r = recordedJson as unknown as Recorded;

describe('the task', () => {
  it('is six bits however they are cut', () => {
    for (const m of PLACES) expect(base(m) ** m).toBe(VOCAB);
    expect(digits(63, 6)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(digits(27, 3)).toEqual([1, 2, 3]);
    expect(digits(10, 2)).toEqual([1, 2]);
  });
  it('has words that a reader can say', () => {
    expect(say(0, 2)).toBe('ба');
    expect(new Set(Array.from({ length: VOCAB }, (_, t) => say(t, 3))).size).toBe(VOCAB);
  });
  it('shows its rule on an example', () => {
    expect(example(1)).toEqual({ tokens: ['45'], answer: '45' });
    expect(example(2)).toEqual({ tokens: ['ли', 'во'], answer: 'ви' }); // the consonant of the last, the vowel of the one before
    const { tokens, answer } = example(6);
    expect(answer).toBe(Array.from({ length: 6 }, (_, j) => tokens[5 - j]![j]).join(''));
  });
  it('keeps the weights of the layer whatever the cut', () => {
    for (const h of HEADS) expect(config(3, cut(h), 1).model.heads * config(3, cut(h), 1).model.head_width!).toBe(WIDTH);
  });
});

describe('reading a model', () => {
  const batch = { tokens: [[5, 5, 5]], targets: [[0, 27, 10]], weights: [[0, 1, 1]] };
  const one = (answers: number[]): Float32Array => {
    const out = new Float32Array(3 * VOCAB);
    answers.forEach((a, t) => void (out[t * VOCAB + a] = 1));
    return out;
  };
  it('scores every digit apart, and only asked places', () => {
    expect(digitAccuracy(one([9, 27, 11]), batch, 3)).toEqual({ whole: 0.5, digits: [1, 1, 0.5] });
    expect(digitAccuracy(one([0, 27 - 16, 10]), batch, 3)).toEqual({ whole: 0.5, digits: [0.5, 1, 1] });
  });
  it('bins weights by distance; everything farther than m falls into the last', () => {
    const map = [1, 0, 0, 0.25, 0.75, 0, 0.5, 0.2, 0.3];
    expect(gaze({ shape: [1, 1, 3, 3], data: map }, batch, 1)[0]!.map((v) => Math.round(1000 * v))).toEqual([525, 225, 250]);
  });
});

describe('the recording', () => {
  it('has five seeds of every pair', () => {
    for (const m of PLACES) for (const h of headsFor(m)) expect([cell(r, m, h)?.accuracy.length, cell(r, m, h)?.curve.length]).toEqual([5, r.steps.length]);
    expect(r.roles.map((x) => x.seed)).toEqual([1, 2, 3, 4, 5]);
  });
  it('puts the threshold where heads are as many as places', () => {
    for (const m of [2, 3] as const) for (const h of headsFor(m)) {
      const a = cell(r, m, h)!.accuracy;
      if (h >= m) expect(Math.min(...a)).toBeGreaterThan(0.98);
      else expect(median(a)).toBeLessThan(0.9);
    }
    expect(median(cell(r, 6, 6)!.accuracy)).toBeLessThan(0.9);
    expect(Math.min(...cell(r, 6, 12)!.accuracy)).toBeGreaterThan(0.98);
    for (const h of headsFor(1)) expect(Math.min(...cell(r, 1, h)!.accuracy)).toBeGreaterThan(0.99);
  });
});
