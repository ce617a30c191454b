import { describe, expect, it } from 'vitest';
import type { TensorData } from '../../../../wasm/client/types';
import { ANGLES, averaged, mapDistance, PAIRS, SHOWN, turnInside, turnReading, turnValues, turnWriting, type Figure } from './model';
import json from './recording.json';

// Small weights with H = 3 heads: V [D, H, d], O [H, d, D].
const [D, H, d] = [3, 3, 2];
const fill = (n: number, k: number): Float32Array => Float32Array.from({ length: n }, (_, i) => Math.sin(k + 1.7 * i));
const V: TensorData = { shape: [D, H, d], data: fill(D * H * d, 1) };
const O: TensorData = { shape: [H, d, D], data: fill(H * d * D, 2) };
/** Σ over the heads of `which` of V_h O_h, [D, D]. */
function product(v: Float32Array, o: Float32Array, which: number[]): number[] {
  const out = new Array<number>(D * D).fill(0);
  for (const h of which) for (let r = 0; r < D; r += 1) for (let k = 0; k < d; k += 1) for (let c = 0; c < D; c += 1) out[r * D + c]! += v[(r * H + h) * d + k]! * o[(h * d + k) * D + c]!;
  return out;
}
const close = (a: number[], b: number[]): void => a.forEach((x, i) => expect(x).toBeCloseTo(b[i]!, 5));

describe('turns', () => {
  it('of values and writing keep the sum of the two products, and leave the third head alone', () => {
    const [v, o] = [turnReading(V, [0, 2], 37), turnWriting(O, [0, 2], 37)];
    close(product(v, o, [0, 2]), product(V.data, O.data, [0, 2]));
    close(product(v, o, [1]), product(V.data, O.data, [1]));
    expect(product(v, o, [0])[0]).not.toBeCloseTo(product(V.data, O.data, [0])[0]!, 2);
  });
  it('by a quarter exchange two heads up to a sign', () => {
    const v = turnReading(V, [0, 1], 90);
    for (let r = 0; r < D; r += 1) for (let k = 0; k < d; k += 1) expect(v[(r * H + 0) * d + k]).toBeCloseTo(V.data[(r * H + 1) * d + k]!, 6);
    close(product(v, turnWriting(O, [0, 1], 90), [0]), product(V.data, O.data, [1]));
  });
  it('inside a head keep its product', () => {
    close(product(turnInside(V, 1, 50, false), turnInside(O, 1, 50, true), [1]), product(V.data, O.data, [1]));
    expect(turnInside(V, 1, 50, false)[d]).not.toBeCloseTo(V.data[d]!, 2);
  });
  it('of z are those of the values', () => {
    const z: TensorData = { shape: [1, D, H, d], data: V.data };
    expect(turnValues(z, [0, 1], 20).data).toEqual(turnReading(V, [0, 1], 20));
  });
});

describe('maps', () => {
  const pattern: TensorData = { shape: [1, 2, 2, 2], data: Float32Array.from([1, 0, 1, 0, 1, 0, 0.5, 0.5]) };
  const batch = { tokens: [[0, 1]], targets: [[1, 0]], weights: [[0, 1]] };
  it('are as far apart as half their absolute difference, on the counted rows', () => expect(mapDistance(pattern, batch, [0, 1])).toBeCloseTo(0.5, 6));
  it('averaged are one', () => expect(Array.from(averaged(pattern, [0, 1]).data.subarray(2, 4))).toEqual([0.75, 0.25]));
});

describe('the recording', () => {
  const f = (json as unknown as { figure: Figure }).figure;
  it('has every angle and two maps', () => {
    expect(f.loss).toHaveLength(ANGLES.length);
    expect(PAIRS).toHaveLength(6);
    expect(f.maps.length).toBe(2 * SHOWN * SHOWN);
    expect(f.letters.slice(SHOWN / 2)).toBe(f.letters.slice(0, SHOWN / 2));
  });
});
