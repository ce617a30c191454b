import { describe, expect, it } from 'vitest';
import { classesOf, KEPT, labels, points, PROPERTIES, selectivity, TASK, type Recorded } from './model';
import json from './recording.json';

const recording = json as unknown as Recorded;

describe('labels that nobody had to write', () => {
  const tokens = [5, 7, 5, 5, 9];
  it('are the letter, the one before, whether it came before, and the stretch of places', () => {
    expect(labels(tokens, 'current')).toEqual(tokens);
    expect(labels(tokens, 'previous')).toEqual([-1, 5, 7, 5, 5]);
    expect(labels(tokens, 'seen')).toEqual([0, 0, 1, 1, 0]);
    expect(labels(tokens, 'place')).toEqual([0, 0, 0, 0, 1]);
  });
  it('stay below their number of classes', () => {
    const long = Array.from({ length: TASK.length }, (_, i) => (i * 7) % TASK.vocab);
    for (const p of PROPERTIES) expect(Math.max(...labels(long, p))).toBeLessThan(classesOf(p));
  });
});

it('the points go up the model in order', () => {
  expect(points(2, 2).map((p) => p.name)).toEqual(['вход', '0.0', '0.1', 'после слоя 0', '1.0', '1.1', 'после слоя 1']);
});

describe('the recording', () => {
  it('has every point, and five models with every property', () => {
    expect(recording.figure.rows.map((r) => r.name)).toEqual(points(2, 4).map((p) => p.name));
    expect(recording.measured.length).toBe(5 * PROPERTIES.length);
    for (const m of recording.measured) expect(m.rows.length).toBe(KEPT.length);
  });
  it('shows a probe above chance where something is written, and nothing left after it is erased', () => {
    for (const r of recording.figure.rows) {
      expect(r.left).toBeLessThan(r.base + 0.06);
      expect(selectivity(r)).toBeCloseTo(r.accuracy - r.control, 6);
    }
  });
});
