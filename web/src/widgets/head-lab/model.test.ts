// The recording is the engine's; these checks say that its parts are what the figure claims they are.
import { describe, expect, it } from 'vitest';
import { brightest, contributions, explain, likeliest, TEXT } from './model';
import { recorded } from './recorded';

const f = recorded.figure;
const T = f.text.length;
const d = f.width;

describe('the recorded head', () => {
  it('is of the text shown at rest', () => {
    expect(f.text).toBe(TEXT);
    expect([f.q.length, f.scores.length]).toEqual([T * d, T * T]);
  });

  it('scores are q·k / √d where the mask is open, and nothing elsewhere', () => {
    for (let row = 0; row < T; row += 1)
      for (let col = 0; col < T; col += 1) {
        const e = explain(f, { row, col });
        if (col > row) expect([f.scores[row * T + col], f.weights[row * T + col], e.weight]).toEqual([0, 0, 0]);
        else expect(e.score).toBeCloseTo(f.scores[row * T + col] as number, 2);
      }
  });

  it('weights are the softmax of the scores, row by row', () => {
    for (let row = 0; row < T; row += 1) {
      let sum = 0;
      for (let col = 0; col <= row; col += 1) {
        expect(explain(f, { row, col }).weight).toBeCloseTo(f.weights[row * T + col] as number, 2);
        sum += f.weights[row * T + col] as number;
      }
      expect(sum).toBeCloseTo(1, 2);
    }
    expect(f.weights[0]).toBe(1); // the first token has no choice
  });

  it('the output is A V', () => {
    for (let row = 0; row < T; row += 1)
      for (let i = 0; i < d; i += 1) {
        let z = 0;
        for (let s = 0; s <= row; s += 1) z += (f.weights[row * T + s] as number) * (f.v[s * d + i] as number);
        expect(z).toBeCloseTo(f.z[row * d + i] as number, 1);
      }
  });

  it('keeps all eight maps, each row a distribution', () => {
    expect(f.maps.map((layer) => layer.length)).toEqual([4, 4]);
    for (const map of f.maps.flat()) for (let row = 0; row < T; row += 1) {
      let sum = 0;
      for (let col = 0; col < T; col += 1) sum += map[row * T + col] as number;
      expect(Math.abs(sum - 1)).toBeLessThan(0.03);
    }
  });

  it('continues the repeat, reading what followed the last occurrence', () => {
    expect(f.next[0]?.letter).toBe('к');
    const { row, col } = brightest(f);
    expect([row, f.text[col]]).toEqual([T - 1, 'к']);
  });
});

it('a contribution is the weight times the length of what is carried', () => {
  const c = contributions({ weights: [1, 0, 0.25, 0.75], sizes: [2, 4] });
  expect(Array.from(c)).toEqual([2, 0, 0.5, 3]);
});

it('names the likeliest letters in order', () => {
  const p = new Array<number>(32).fill(0.01);
  p[2] = 0.5;
  p[0] = 0.2;
  expect(likeliest(p, 2)).toEqual([{ letter: 'в', p: 0.5 }, { letter: 'а', p: 0.2 }]);
});
