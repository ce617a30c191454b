import { describe, expect, it } from 'vitest';
import { edgesOf, jointAt, senderName, type Recorded } from './model';
import json from './recording.json';

const recording = json as unknown as Recorded;

describe('edges', () => {
  // One layer of two heads; senders: tokens, 0.0, 0.1. [S, L, H, 3]
  const f = { layers: 1, heads: 2, edges: [0.1, 0.2, 0.3, 0.4, -0.9, NaN, ...new Array<number>(12).fill(NaN)], joint: [1, 2, 3, NaN, NaN, NaN, NaN, NaN, NaN] };
  it('are read in the order of the core, strongest first, without those that do not exist', () => {
    const found = edgesOf(f);
    expect(found.length).toBe(5);
    expect(found[0]).toEqual({ from: 0, layer: 0, head: 1, input: 'K', value: -0.9 });
    expect(found.at(-1)).toEqual({ from: 0, layer: 0, head: 0, input: 'Q', value: 0.1 });
    expect(jointAt(f, 0, 0, 'V')).toBe(3);
  });
  it('name their senders', () => {
    expect([0, 1, 5, 8].map((s) => senderName(s, 4))).toEqual(['буквы', '0.0', '1.0', '1.3']);
  });
});

describe('the recording', () => {
  it('restores everything from the tokens, and heads of the last layer act straight', () => {
    for (const f of Object.values(recording.figures)) {
      expect(f.total[0]).toBeCloseTo(1, 2);
      for (let h = 0; h < f.heads; h += 1) {
        const s = 1 + (f.layers - 1) * f.heads + h;
        expect(f.direct[s]).toBeCloseTo(f.total[s]!, 2);
      }
    }
  });
  it('has five models that know the task', () => {
    expect(recording.rows.map((r) => r.seed)).toEqual([1, 2, 3, 4, 5]);
    for (const r of recording.rows) expect(r.accuracy).toBeGreaterThan(0.9);
  });
});
