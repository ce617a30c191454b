import { describe, expect, it } from 'vitest';
import { apart, chorus, HEADS, meanCosine, type Figure } from './model';
import json from './recording.json';

const rows = (...r: number[][]): Float32Array[] => r.map((x) => Float32Array.from(x));

describe('unison', () => {
  it('is 1 for one voice, 1/√H at right angles, 0 when the voices cancel', () => {
    expect(chorus([rows([1, 0, 0, 0], [2, 0, 0, 0], [3, 0, 0, 0], [1, 0, 0, 0])]).unison).toBeCloseTo(1, 6);
    const square = chorus([rows([1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1])]);
    expect([square.unison, square.orthogonal]).toEqual([0.5, 0.5]);
    expect(chorus([rows([1, 0, 0, 0], [-1, 0, 0, 0], [0, 2, 0, 0], [0, -2, 0, 0])]).unison).toBe(0);
  });
  it('has cosines of one with oneself', () => {
    const c = chorus([rows([1, 1, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 1])]);
    for (let h = 0; h < HEADS; h += 1) expect(c.cosines[h * HEADS + h]).toBeCloseTo(1, 6);
    expect(c.cosines[1]).toBeCloseTo(Math.SQRT1_2, 6);
    expect(meanCosine(c)).toBeCloseTo((4 * Math.SQRT1_2) / 12, 6);
  });
  it('takes a direction out', () => expect(Array.from(apart(Float32Array.from([3, 4]), Float64Array.from([0, 2])))).toEqual([3, 0]));
});

describe('the recording', () => {
  const f = (json as unknown as { figure: Figure }).figure;
  it('covers every place', () => expect([f.byPlace.length, f.orthogonalByPlace.length]).toEqual([48, 48]));
  it('sings together in layer 1, and falls apart when the heads hear different strings', () => {
    expect(f.own.unison - f.own.orthogonal).toBeGreaterThan(0.1);
    expect(Math.abs(f.strangers.unison - f.strangers.orthogonal)).toBeLessThan(0.02);
  });
});
