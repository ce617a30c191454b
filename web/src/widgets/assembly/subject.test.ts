import { describe, expect, it } from 'vitest';
import type { Specimen } from '../specimen/specimen';
import { centredUnembedding, counted, flatWeights, ranks, spearman, weightsOf } from './subject';

it('takes weights apart and puts them together again, with changes', () => {
  const info = { id: 1, config: {}, metadata: {}, parameters: [{ name: 'a', shape: [2], offset: 0 }, { name: 'b', shape: [1, 2], offset: 2 }] } as unknown as Specimen['info'];
  const m: Specimen = { id: 1, info, weights: weightsOf(info, Float32Array.from([1, 2, 3, 4])) };
  expect(Array.from(flatWeights(m, new Map()))).toEqual([1, 2, 3, 4]);
  expect(Array.from(flatWeights(m, new Map([['b', Float32Array.from([5, 6])]])))).toEqual([1, 2, 5, 6]);
});

it('counts only the places that count', () =>
  expect(counted({ tokens: [[1, 2]], targets: [[2, 0]], weights: [[1, 0]] })).toEqual([[0, 0, 2]]));

it('centres every row of the unembedding', () => {
  const m = { weights: new Map([['unembed.W_U', { shape: [2, 2], data: Float32Array.from([1, 3, -2, 2]) }]]) } as unknown as Specimen;
  expect(Array.from(centredUnembedding(m).data)).toEqual([-1, 1, -2, 2]);
});

describe('rank correlation', () => {
  it('shares ties', () => expect(ranks([5, 1, 5])).toEqual([1.5, 0, 1.5]));
  it('is 1, −1 and 0 where it should be', () => {
    expect(spearman([1, 2, 3], [10, 20, 90])).toBeCloseTo(1, 12);
    expect(spearman([1, 2, 3], [3, 2, 1])).toBeCloseTo(-1, 12);
    expect(spearman([1, 2, 3], [2, 3, 2])).toBeCloseTo(0, 12);
  });
});
