import { describe, expect, it } from 'vitest';
import { atRest, BOTTOM, CONDITIONS, growth, line, mapAt, orders, request, square, START, TOKENS, triangle, type Recorded } from './model';
import json from './recording.json';

const recorded = json as unknown as Recorded;
const floors = (...y: (number | null)[]) => y.map((residual) => ({ residual, cosine: 0, entropy: 1, score: 1 }));

describe('lines', () => {
  it('leave the plot where they cross its floor', () => {
    expect(line(floors(0, -10, -50))).toEqual([[0, 0], [1, -10], [1.5, BOTTOM]]);
    expect(line(floors(0, null))).toHaveLength(2);
    expect(line(floors(0, -1, -2))).toEqual([[0, 0], [1, -1], [2, -2]]);
  });
  it('count orders lost only where some are', () => expect(orders(floors(0, -0.5, null, -20))).toEqual([[1, 0.5], [3, 20]]));
  it('tell a cube from a plain exponential', () => {
    expect(growth(floors(-1, -4, -13, -40))).toBeCloseTo(3);
    expect(growth(floors(-1, -2, -3, -4))).toBeCloseTo(1);
    expect(growth(floors(0, -1))).toBeNull();
  });
});

it('asks the engine for the tower that the reader set', () => {
  expect(request({ ...START, skip: 0.5, causal: true, qk: 2 }, 7)).toEqual({ layers: 8, skip: 0.5, norm: 'none', mlp: false, causal: true, qk_scale: 2, seed: 7 });
});

describe('recording', () => {
  it('keeps five towers, eight conditions and one map', () => {
    expect(recorded.towers.map((t) => t.length)).toEqual(Array<number>(5).fill(START.depth + 1));
    expect(recorded.conditions.map((c) => c.id)).toEqual(CONDITIONS.map((c) => c.id));
    const figure = atRest(recorded);
    expect(mapAt(figure, recorded.floor)).toHaveLength(TOKENS ** 2);
    expect(mapAt(figure, recorded.floor + 1)).toBeNull();
  });
  it('packs a symmetric map and unpacks it', () => {
    const map = square(recorded.cosines);
    expect(triangle(map)).toEqual(recorded.cosines);
    for (let i = 0; i < TOKENS; i += 1) expect(map[i * TOKENS + i]).toBe(1);
    expect(map[3 * TOKENS + 9]).toBe(map[9 * TOKENS + 3]);
  });
  it('falls by cubes', () => {
    for (const t of atRest(recorded).towers) expect(growth(t.filter((f) => f.residual !== null))).toBeCloseTo(3, 1);
  });
});
