import { describe, expect, it } from 'vitest';
import { matmul } from '../specimen/specimen';
import { mulberry } from '../../lib/random';
import { changed, CHANGES, config, HEADS, pairTurn, WIDTH, type Trained } from './model';

const D = 32;
const shapes: [string, number[]][] = [['W_Q', [D, HEADS, WIDTH]], ['W_K', [D, HEADS, WIDTH]], ['W_V', [D, HEADS, WIDTH]], ['W_O', [HEADS, WIDTH, D]], ['b_Q', [HEADS, WIDTH]], ['b_K', [HEADS, WIDTH]], ['b_V', [HEADS, WIDTH]]];
let offset = 0;
const parameters = shapes.map(([name, shape]) => {
  const p = { name: `blocks.0.attn.${name}`, shape, offset };
  offset += shape.reduce((a, b) => a * b, 1);
  return p;
});
const next = mulberry(3);
const trained: Trained = { config: config('learned', 1), weights: Float32Array.from({ length: offset }, () => next() - 0.5), parameters };
const at = (name: string): number => parameters.find((p) => p.name.endsWith(name))!.offset;

/** Score of two stream rows in one head, biases included. */
function score(w: Float32Array, x: number[], y: number[], h: number): number {
  let sum = 0;
  for (let c = 0; c < WIDTH; c += 1) {
    let [q, k] = [w[at('b_Q') + h * WIDTH + c]!, w[at('b_K') + h * WIDTH + c]!];
    for (let i = 0; i < D; i += 1) {
      q += x[i]! * w[at('W_Q') + (i * HEADS + h) * WIDTH + c]!;
      k += y[i]! * w[at('W_K') + (i * HEADS + h) * WIDTH + c]!;
    }
    sum += q * k;
  }
  return sum;
}
const row = (): number[] => Array.from({ length: D }, () => next() - 0.5);

describe('changes', () => {
  const [x, y] = [row(), row()];
  it('of basis keep every score, also with biases; W_Q alone does not', () => {
    for (const h of [0, 1]) {
      const before = score(trained.weights, x, y, h);
      expect(score(changed(trained, 'gauge', 5), x, y, h)).toBeCloseTo(before, 4);
      expect(score(changed(trained, 'turn', 5), x, y, h)).toBeCloseTo(before, 4);
      expect(Math.abs(score(changed(trained, 'alone', 5), x, y, h) - before)).toBeGreaterThan(0.1);
    }
  });
  it('touch only the weights they name', () => {
    const touched = (change: (typeof CHANGES)[number]): string[] => {
      const after = changed(trained, change, 5);
      return parameters.filter((p) => { const n = p.shape.reduce((a, b) => a * b, 1); return after.subarray(p.offset, p.offset + n).some((v, i) => v !== trained.weights[p.offset + i]); }).map((p) => p.name.slice(-3));
    };
    expect(touched('value')).toEqual(['W_V', 'W_O', 'b_V']);
    expect(touched('bk')).toEqual(['b_K']);
    expect(touched('alone')).toEqual(['W_Q', 'b_Q']);
  });
  it('a key bias shifts a row of scores by one number', () => {
    const after = changed(trained, 'bk', 5);
    const shift = (z: number[]): number => score(after, x, z, 0) - score(trained.weights, x, z, 0);
    expect(shift(y)).toBeCloseTo(shift(row()), 4);
  });
  it('turns of pairs commute with the rotation of RoPE', () => {
    const { g, inverse } = pairTurn(WIDTH, mulberry(9));
    const rotation = pairTurn(WIDTH, mulberry(4)).g; // any turn of the same pairs
    matmul(g, rotation).data.forEach((v, i) => expect(v).toBeCloseTo(matmul(rotation, g).data[i]!, 10));
    matmul(g, inverse).data.forEach((v, i) => expect(v).toBeCloseTo(i % (WIDTH + 1) === 0 ? 1 : 0, 10));
  });
});
