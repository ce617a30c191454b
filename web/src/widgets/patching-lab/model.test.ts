import { describe, expect, it } from 'vitest';
import { changed, corrupt, dots, earlier, pearson, slope, stranger, type Recorded } from './model';
import json from './recording.json';

const r = json as unknown as Recorded;

describe('contrasts', () => {
  it('find the answer, its neighbour and the asker in a repeat', () => {
    const text = 'музыкантмузык'; // к stood at 4, the answer а at 5
    expect(earlier(text)).toBe(4);
    expect([changed(text, 'source'), changed(text, 'before'), changed(text, 'asker')]).toEqual([5, 4, 12]);
  });
  it('say so where there is no repeat to break', () => {
    expect(changed('абв', 'source')).toBe(-1);
    expect(changed('абв', 'before')).toBe(-1);
    expect(changed('абв', 'asker')).toBe(2);
    expect(changed('абб', 'source')).toBe(-1); // the answer is the asker itself
  });
  it('bring in a letter that the string has not', () => {
    expect(stranger([0, 1, 3], 5, 0)).toBe(2);
    expect(stranger([0, 1, 2], 3, 4)).toBe(1); // none left: any will do
    expect(corrupt([7, 8, 9], 1, 5)).toEqual([7, 5, 9]);
  });
});

it('a gradient that sees half of everything has slope one half and correlation one', () => {
  const pairs = [1, -2, 4].map((exact) => ({ exact, estimate: exact / 2 }));
  expect(slope(pairs)).toBeCloseTo(0.5, 12);
  expect(pearson(pairs)).toBeCloseTo(1, 12);
  expect(slope([])).toBeNaN();
});

describe('the recording', () => {
  it('restores everything at the input of the changed place, and nothing where the strings agree so far', () => {
    const f = r.figure;
    const T = f.clean.length;
    const at = [...f.clean].findIndex((c, i) => c !== f.corrupted[i]);
    expect(f.places[at]).toBeCloseTo(1, 3);
    for (let t = 0; t < at; t += 1) for (const depth of [0, 1, 2]) expect(f.places[depth * T + t]).toBeCloseTo(0, 4);
    expect(f.places[2 * T + T - 1]).toBeCloseTo(1, 3);
    expect(dots(f, 4).length).toBe(8 + 3 * T);
  });
  it('has five models that know the task', () => {
    expect(r.rows.map((row) => row.seed)).toEqual([1, 2, 3, 4, 5]);
    for (const row of r.rows) expect(row.accuracy).toBeGreaterThan(0.9);
  });
});
