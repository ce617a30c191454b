// The recording is the core's; these checks say that its numbers follow from one another as the figure claims.
import { describe, expect, it } from 'vitest';
import { mixed, place, sampling, SHOWN, STEPS, TEXT, why } from './model';
import { recorded } from './recorded';

const f = recorded.figure;
const close = (a: number, b: number, tolerance = 2e-3): void => expect(Math.abs(a - b)).toBeLessThanOrEqual(tolerance * (1 + Math.abs(b)));
const at = (x: ArrayLike<number>, i: number): number => x[i] as number;

describe('the recorded pass', () => {
  it('is of the sentence shown at rest, its last place', () => {
    expect([f.text, f.at, f.tokens[0]]).toEqual([TEXT, f.tokens.length - 1, '⊢']);
    expect(f.normal).toBe(TEXT.replaceAll('ё', 'е'));
    expect(f.words.flatMap((w) => w.ids)).toEqual(f.ids.slice(1));
    for (const w of f.words) if (w.merges.length > 0) expect(w.merges.at(-1)!.pieces).toHaveLength(w.ids.length);
  });
  it('normalises what the layer reads', () => {
    for (let i = 0; i < SHOWN; i += 1) close(at(f.normed, i), (at(f.pre, i) / f.rms) * at(f.gain, i));
  });
  it('turns pairs by the angles it names', () => {
    const half = f.d / 2;
    for (const [x, y] of [[f.q, f.rotQ], [f.k, f.rotK]] as const)
      for (let i = 0; i < half; i += 1) {
        const [cos, sin] = [Math.cos(at(f.angles, i)), Math.sin(at(f.angles, i))];
        close(at(y, i), at(x, i) * cos - at(x, i + half) * sin, 5e-3);
        close(at(y, i + half), at(x, i) * sin + at(x, i + half) * cos, 5e-3);
      }
    for (let i = 0; i < f.d; i += 1) expect(at(f.keys, f.at * f.d + i)).toBe(at(f.rotK, i)); // its own key is among the keys
  });
  it('scores, weights and the mix follow', () => {
    let sum = 0;
    for (let s = 0; s <= f.at; s += 1) {
      const w = why(f, s);
      close(w.dot / Math.sqrt(f.d), at(f.scores, s), 5e-3);
      close(w.weight, at(f.weights, s));
      sum += at(f.weights, s);
    }
    close(sum, 1);
    for (let i = 0; i < f.d; i += 1) close(mixed(f, i).reduce((z, p) => z + p.product, 0), at(f.z, i), 5e-3);
  });
  it('the stream is a sum', () => {
    for (let i = 0; i < SHOWN; i += 1) {
      close(at(f.mid, i), at(f.pre, i) + at(f.attnOut, i));
      close(at(f.post, i), at(f.mid, i) + at(f.mlpOut, i));
    }
  });
  it('probabilities are those of the logits, and the checks held when it was made', () => {
    for (let i = 1; i < f.next.length; i += 1) close(Math.log(f.next[0]!.p / f.next[i]!.p), f.next[0]!.logit - f.next[i]!.logit, 5e-3);
    close(f.next.reduce((s, c) => s + c.p, 0) + f.rest, 1);
    expect(f.checks.rows).toBeLessThan(1e-6);
    expect(Math.max(f.checks.parts, f.checks.path)).toBeLessThan(1e-4);
    expect(f.checks.stream).toBeLessThan(1e-5);
    expect(f.checks.path).toBeGreaterThan(0); // two computations, not one printed twice
    expect(f.checks.sameTop).toBe(true);
  });
  it('keeps a map for every head, each row a distribution', () => {
    expect(f.maps.map((l) => l.length)).toEqual(new Array(f.layers).fill(f.heads));
    const T = f.tokens.length;
    for (const map of f.maps.flat()) for (let r = 0; r < T; r += 1) close(Array.from({ length: T }, (_, c) => at(map, r * T + c)).reduce((a, b) => a + b, 0), 1, 0.03);
  });
});

it('sampling: temperature and the k best', () => {
  const next = [2, 1, 0].map((logit, id) => ({ token: String(id), id, logit, p: 0 }));
  expect(sampling(next, 0, 3)).toEqual([1, 0, 0]);
  expect(sampling(next, 1, 1)).toEqual([1]);
  const [cold, hot] = [sampling(next, 0.5, 3), sampling(next, 2, 3)];
  expect(cold[0]! / cold[1]!).toBeCloseTo(Math.exp(2), 10);
  expect(hot[0]! / hot[1]!).toBeCloseTo(Math.exp(0.5), 10);
});

it('a place outside the sentence is its last', () => {
  expect([place(-1, 5), place(9, 5), place(0, 5)]).toEqual([4, 4, 0]);
  expect(STEPS).toHaveLength(10);
});
