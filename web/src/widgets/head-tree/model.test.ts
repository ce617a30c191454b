import { describe, expect, it } from 'vitest';
import { brackets, cut, CUT, foretold, leafOrder, nearest, perHead, sizes, stillOf, type Merge, type Recorded } from './model';
import json from './recording.json';

// 0 and 2 together at 0.1, then 1 and 3 at 0.2, then all at 0.7.
const merges: Merge[] = [[0, 2, 0.1, 2], [1, 3, 0.2, 2], [4, 5, 0.7, 4]];

describe('the tree', () => {
  it('keeps the sides of a merge together', () => {
    expect(leafOrder(merges)).toEqual([0, 2, 1, 3]);
    expect(brackets(merges).map(({ left, right }) => [left, right])).toEqual([[0, 1], [2, 3], [0.5, 2.5]]);
    expect(brackets(merges)[2]).toMatchObject({ leftFrom: 0.1, rightFrom: 0.2, height: 0.7 });
  });
  it('is cut into any number of groups', () => {
    expect(cut(merges, 4)).toEqual([0, 2, 1, 3]);
    expect(cut(merges, 3)).toEqual([0, 1, 0, 2]);
    expect(cut(merges, 2)).toEqual([0, 1, 0, 1]);
    expect(sizes(cut(merges, 1))).toEqual([4]);
  });
});

it('what clusters foretell, counted by hand', () => {
  // Price of the mate 1, of everyone else 3; by distance 0.1 and 0.7.
  const mate = (a: number, b: number): boolean => (a + b) % 2 === 0;
  const square = (same: number, other: number): number[] => Array.from({ length: 16 }, (_, i) => (Math.floor(i / 4) === i % 4 ? 0 : mate(Math.floor(i / 4), i % 4) ? same : other));
  expect(foretold([0, 1, 0, 1], square(1, 3))).toEqual({ within: 1, across: 3, count: 2 });
  const found = nearest(square(0.1, 0.7), square(1, 3), 4);
  expect(found).toMatchObject({ wins: 4, nearest: 1, others: 3 });
  expect(found.rho).toBeCloseTo(1, 12);
  for (const rho of perHead(square(0.1, 0.7), square(1, 3), 4)) expect(rho).toBeCloseTo(1, 12);
});

describe('the recording', () => {
  const r = json as unknown as Recorded;
  it('is a tree of all heads whose merges only grow apart', () => {
    expect(r.merges.length).toBe(r.layers * r.heads - 1);
    for (let i = 1; i < r.merges.length; i += 1) expect(r.merges[i]![2]).toBeGreaterThanOrEqual(r.merges[i - 1]![2] - 1e-4);
    expect(new Set(cut(r.merges, CUT)).size).toBe(CUT);
  });
  it('agrees with the distances it came from', () => {
    const distance = stillOf(r);
    const n = r.layers * r.heads;
    const [a, b, d] = r.merges[0]!;
    expect(Math.abs(distance[a * n + b]! - d)).toBeLessThan(0.01);
    for (let i = 0; i < n; i += 1) expect(distance[i * n + i]).toBe(0);
  });
  it('has five sets', () => expect(r.sets.length).toBe(5));
});
