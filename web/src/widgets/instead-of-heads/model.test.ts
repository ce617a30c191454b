import { describe, expect, it } from 'vitest';
import type { RemoteEngine } from '../../../../wasm/client/types';
import { median, VOCAB } from '../six-bits/model';
import { attentionWeights, config, distributions, vote, way, WAYS, type Recorded } from './model';
import recordedJson from './recording.json';

const r = recordedJson as unknown as Recorded;
const accuracy = (id: string): number[] => r.ways.find((w) => w.id === id)!.accuracy;

describe('the ways', () => {
  it('say truly what they cost', () => {
    expect(['one', 'three', 'deep'].map((id) => attentionWeights(way(id)))).toEqual([9216, 9216, 9216]);
    expect(attentionWeights(way('wide'))).toBe(3 * 9216);
    expect(['one', 'wide', 'mlp', 'three', 'deep', 'vote'].map((id) => distributions(way(id)))).toEqual([1, 1, 1, 3, 3, 3]);
    expect(config(way('mlp'), 1).model.mlp_width).toBe(192);
    expect(config(way('long'), 1).steps).toBe(1800);
  });
  it('sums the logits of a vote: two quiet members outvote a loud one', async () => {
    const outputs = [27, 27, 9].map((a, k) => {
      const data = new Float32Array(VOCAB);
      data[a] = k === 2 ? 1.5 : 1;
      return data;
    });
    let at = 0;
    const engine = { createModel: async () => ({ id: at }), disposeModel: async () => {}, run: async () => ({ tensors: { logits: { data: outputs[at++]! } } }) } as unknown as RemoteEngine;
    const v = await vote(engine, config(way('vote'), 1).model, [new Float32Array(1), new Float32Array(1), new Float32Array(1)], { tokens: [[0]], targets: [[27]], weights: [[1]] });
    expect(v.whole).toBe(1);
  });
});

describe('the recording', () => {
  it('has every way over five seeds', () => {
    expect(r.ways.map((w) => w.id)).toEqual(WAYS.map((w) => w.id));
    for (const w of r.ways) expect([w.accuracy.length, w.digits.length]).toEqual([5, 5]);
  });
  it('shows that width does nothing, and depth does much', () => {
    expect(Math.abs(median(accuracy('wide')) - median(accuracy('one')))).toBeLessThan(0.1);
    expect(median(accuracy('deep'))).toBeGreaterThan(0.8);
    expect(Math.min(...accuracy('three'))).toBeGreaterThan(0.99);
  });
});
