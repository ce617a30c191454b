import { describe, expect, it } from 'vitest';
import { best, births, nearest, pack, reached, track, uniformPrevious, unpack, type Sample } from './samples';
import { nextLetters, verdict } from './score';
import { RECIPE, vary } from './recipe';

const heads = (p: number[], i: number[]): Sample['heads'] => p.map((previous, k) => ({ layer: Math.floor(k / 2), head: k % 2, previous, induction: i[k]! }));
const run: Sample[] = [
  { step: 0, loss: 3.5, accuracy: 0.03, heads: heads([0.1, 0.1, 0.1, 0.1], [0, 0, 0, 0]) },
  { step: 20, loss: 2, accuracy: 0.4, heads: heads([0.3, 0.2, 0.9, 0.1], [0.9, 0, 0.2, 0.55]) },
  { step: 40, loss: 1, accuracy: 0.8, heads: heads([0.6, 0.2, 0.9, 0.1], [0.9, 0, 0.2, 0.7]) },
];

describe('samples', () => {
  it('finds births in the layers that can have them', () => expect(births(run)).toEqual({ accuracy: 40, previous: 40, induction: 20 }));
  it('says null for what never happens', () => expect(reached(run, (s) => s.accuracy, 0.9)).toBeNull());
  it('looks for both heads in the only layer of a one-layer model', () => {
    const one = run.map((s) => ({ ...s, heads: s.heads.filter((h) => h.layer === 0) }));
    expect(births(one)).toEqual({ accuracy: 40, previous: 40, induction: 20 });
  });
  it('survives packing', () => expect(unpack(pack(run, 2, 2, 1))).toEqual(run));
  it('picks, tracks, finds the nearest', () => {
    expect(best(run[2], 'previous')).toMatchObject({ layer: 1, head: 0 });
    expect(track(run, 1, 1, 'induction')).toEqual([[0, 0], [20, 0.55], [40, 0.7]]);
    expect(nearest(run, 27)?.step).toBe(20);
  });
  it('knows the uniform baseline', () => {
    expect(uniformPrevious(2)).toBeCloseTo(0.5, 12);
    expect(uniformPrevious(32)).toBeCloseTo(0.0987, 4);
    expect(uniformPrevious(128)).toBeCloseTo(0.0349, 4);
  });
});

describe('verdict', () => {
  const batch = { tokens: [[0, 1]], targets: [[1, 0]], weights: [[1, 0]] };
  it('counts only weighted positions', () => {
    const v = verdict(Float32Array.from([0, Math.log(3), 5, 5]), 2, batch);
    expect(v.accuracy).toBe(1);
    expect(v.loss).toBeCloseTo(-Math.log(0.75), 6);
    expect(v.counted).toBe(1);
  });
  it('is ln V for a flat answer', () => expect(verdict(new Float32Array(64), 32, batch).loss).toBeCloseTo(Math.log(32), 6));
});

it('reads the next letters from the last row', () => {
  const next = nextLetters(Float32Array.from([9, 0, 0, Math.log(4)]), 2, 2, 'аб');
  expect(next.map((n) => n.letter)).toEqual(['б', 'а']);
  expect(next[0]!.p).toBeCloseTo(0.8, 6);
});

it('varies the recipe without touching it', () => {
  const one = vary(RECIPE, { model: { layers: 1 }, steps: 5 });
  expect([one.model.layers, one.model.heads, one.steps, RECIPE.model.layers]).toEqual([1, 4, 5, 2]);
});
