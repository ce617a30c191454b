import { describe, expect, it } from 'vitest';
import { additive, ask, damage, interaction, layerDamage, names, pack, strongest, unpack, type Figure, type Recorded } from './model';
import type { RemoteEngine } from '../../../../wasm/client/types';
import type { Specimen } from '../specimen/specimen';
import json from './recording.json';

const v = (accuracy: number, loss: number) => ({ accuracy, loss });
// Two heads that do the same work: each alone costs little, both together everything.
const twins: Figure = { how: 'zero', seed: 1, whole: v(1, 0), cut: [v(0.99, 0.1), v(0.1, 3), v(0.1, 3), v(0.98, 0.2)], layers: [v(0.1, 3)], scores: [0.9, 0.8] };

describe('damage and interaction', () => {
  it('is what the model lost', () => expect(damage(twins, 'accuracy').map((x) => Number(x.toFixed(3)))).toEqual([0.01, 0.9, 0.9, 0.02]));
  it('is what the pair costs beyond its members', () => {
    expect(interaction(twins, 'loss')[1]).toBeCloseTo(2.7, 12);
    expect(interaction(twins, 'loss')[0]).toBe(0);
    expect(strongest(interaction(twins, 'loss'), 2)).toMatchObject({ i: 0, j: 1 });
  });
  it('notices additive heads and others', () => {
    expect(additive(twins, 'accuracy')).toBe(false);
    expect(layerDamage(twins, 0, 'loss').sum).toBeCloseTo(0.3, 12);
    expect(layerDamage(twins, 0, 'loss').together).toBe(3);
    expect(additive({ ...twins, layers: [v(0.97, 0.3)] }, 'accuracy')).toBe(true);
  });
  it('survives packing', () => expect(unpack(pack(twins))).toEqual(twins));
});

it('takes out each head once and each pair once', async () => {
  const asked: string[] = [];
  const engine = {
    taskBatch: async () => ({ tokens: [[0, 1]], targets: [[1, 0]], weights: [[1, 0]], match: [[-1, -1]] }),
    run: async (_: number, r: { ablate?: { heads: { layer: number; head: number }[] } }) => {
      asked.push((r.ablate?.heads ?? []).map((h) => `${h.layer}.${h.head}`).join('+'));
      return { tensors: { logits: { shape: [1, 2, 2], data: Float32Array.from([0, 1, 0, 0]) } } };
    },
    headScores: async () => ({ heads: [{ layer: 0, previous: 0.9, induction: 0.1 }, { layer: 1, previous: 0.2, induction: 0.7 }] }),
  } as unknown as RemoteEngine;
  const f = await ask(engine, { id: 1, info: { config: { layers: 2, heads: 1, vocab: 2 } } } as unknown as Specimen, { how: 'mean', seed: 1 });
  expect(asked).toEqual(['', '0.0', '1.0+0.0', '1.0', '0.0', '1.0']);
  expect(f.scores).toEqual([0.9, 0.7]);
});

describe('the recording', () => {
  const f = unpack((json as unknown as Recorded).figure);
  it('is a symmetric table of all pairs', () => {
    const n = f.scores.length;
    expect([n, f.cut.length]).toEqual([8, 64]);
    for (let i = 0; i < n; i += 1) for (let j = 0; j < n; j += 1) expect(f.cut[i * n + j]).toEqual(f.cut[j * n + i]);
    expect(names(n, 4)[5]).toBe('1.1');
  });
});
