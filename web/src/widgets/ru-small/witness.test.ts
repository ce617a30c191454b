// The second computation on its own: what must hold whatever the weights are.
import { describe, expect, it } from 'vitest';
import { normals } from '../scale-lab/model';
import { dot, rmsNorm, rotate, softmax, times, type Net } from './net';
import { Witness } from './witness';

function tiny(seed = 1): Net {
  const next = normals(seed);
  const [V, D, H, d, M, L] = [11, 8, 2, 4, 6, 2];
  const matrix = (n: number, m: number): Float32Array => Float32Array.from({ length: n * m }, () => next() / Math.sqrt(n));
  const ones = (): Float32Array => new Float32Array(D).fill(1);
  return {
    vocab: V, context: 16, layers: L, width: D, heads: H, head: d, inner: M, epsilon: 1e-5, ropeBase: 10000, scale: 1 / Math.sqrt(d), embed: matrix(V, D), last: ones(),
    blocks: Array.from({ length: L }, () => ({ ln1: ones(), q: matrix(D, H * d), k: matrix(D, H * d), v: matrix(D, H * d), o: matrix(H * d, D), ln2: ones(), gate: matrix(D, M), up: matrix(D, M), down: matrix(M, D) })),
  };
}
const net = tiny();
const ids = [0, 3, 7, 3, 10];

describe('the parts', () => {
  it('turning keeps lengths, and a product depends on places by their difference only', () => {
    const [q, k] = [[1, -2, 0.5, 3], [0.3, 1, -1, 2]];
    expect(dot(rotate(net, q, 5), rotate(net, q, 5))).toBeCloseTo(dot(q, q), 12);
    const at = (t: number, s: number): number => dot(rotate(net, q, t), rotate(net, k, s));
    expect(at(9, 4)).toBeCloseTo(at(105, 100), 10);
    expect(Math.abs(at(9, 4) - at(9, 5))).toBeGreaterThan(0.01);
  });
  it('normalises to a mean square of one, and does not mind the scale of its input', () => {
    const y = rmsNorm([3, 4], [1, 1], 0);
    expect(dot(y, y) / 2).toBeCloseTo(1, 12);
    expect(Array.from(rmsNorm([6, 8], [1, 1], 0))).toEqual(Array.from(y));
  });
  it('softmax and matrices, by hand', () => {
    const p = softmax([1 / Math.SQRT2, 2 / Math.SQRT2, 3 / Math.SQRT2]);
    [0.14, 0.284, 0.576].forEach((x, i) => expect(p[i]).toBeCloseTo(x, 3));
    expect(Array.from(times([1, 2], Float32Array.from([1, 0, 2, 1, 1, 0]), 3))).toEqual([3, 2, 2]);
  });
});

describe('the pass', () => {
  const run = (tokens: readonly number[], mask?: 'upper-left'): Float64Array => {
    const w = new Witness(net, mask);
    return tokens.map((t) => w.step(t).logits).at(-1)!;
  };
  it('adds up: the stream is the embedding and what was written', () => {
    const w = new Witness(net);
    const trace = ids.map((t) => w.step(t)).at(-1)!;
    const x = Float64Array.from(net.embed.subarray(10 * 8, 11 * 8));
    for (const l of trace.layers) {
      for (const row of l.weights) expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
      x.forEach((_, i) => { x[i]! += l.attnOut[i]! + l.mlpOut[i]!; });
    }
    x.forEach((v, i) => expect(v).toBeCloseTo(trace.layers.at(-1)!.post[i]!, 12));
  });
  it('the past does not depend on what follows, and does depend on what came before', () => {
    const w = new Witness(net);
    const all = ids.map((t) => w.step(t).logits);
    expect(Array.from(all[2]!)).toEqual(Array.from(run(ids.slice(0, 3))));
    const [a, b] = [run([0, 3, 7]), run([0, 5, 7])];
    expect(Math.max(...a.map((x, i) => Math.abs(x - b[i]!)))).toBeGreaterThan(1e-3);
  });
  it('the wrong corner sees one key and says something else', () => {
    const w = new Witness(net, 'upper-left');
    const trace = ids.map((t) => w.step(t)).at(-1)!;
    expect(trace.layers[0]!.weights.map((r) => r.length)).toEqual([1, 1]);
    const [a, b] = [run(ids), run(ids, 'upper-left')];
    expect(Math.max(...a.map((x, i) => Math.abs(x - b[i]!)))).toBeGreaterThan(1e-3);
  });
});
