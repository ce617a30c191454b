import { describe, expect, it } from 'vitest';
import type { Sample } from '../training/samples';
import { knockouts, LETTERS, milestones, packMaps, probe, roles, scoreSeries, TEXT, unpackMaps, config } from './model';
import type { RemoteEngine } from '../../../../wasm/client/types';

const heads = (p: number[], i: number[]): Sample['heads'] => p.map((previous, k) => ({ layer: Math.floor(k / 2), head: k % 2, previous, induction: i[k]! }));
const run: Sample[] = [
  { step: 0, loss: 3.5, accuracy: 0.03, heads: heads([0.1, 0.1, 0.1, 0.1], [0, 0, 0.04, 0.04]) },
  { step: 100, loss: 1.5, accuracy: 0.6, heads: heads([0.3, 0.2, 0.1, 0.1], [0, 0, 0.3, 0.7]) },
  { step: 300, loss: 0.3, accuracy: 0.95, heads: heads([0.9, 0.05, 0.1, 0.1], [0, 0, 0.4, 0.9]) },
];

describe('roles and milestones come from the curves', () => {
  it('names the heads', () => expect(roles(run)).toEqual({ previous: { layer: 0, head: 0 }, induction: { layer: 1, head: 1 }, control: { layer: 0, head: 1 } }));
  it('puts induction before the previous-token head when it comes before', () => {
    expect(milestones(run).map((m) => [m.x, m.label])).toEqual([[100, 'точность 0.5'], [100, 'индукционная голова'], [300, 'голова предыдущего токена'], [300, 'точность 0.9']]);
  });
  it('marks nothing that did not happen', () => expect(milestones(run.slice(0, 1))).toEqual([]));
  it('draws every head once', () => expect(scoreSeries(run).map((s) => s.label)).toEqual(['точность', '0.0 предыдущий', '1.1 индукция', '0.1', '1.0']));
  it('has nothing to say before the first point', () => expect([roles([]), scoreSeries([]).length]).toEqual([null, 1]));
});

it('packs maps to a byte and back', () => {
  const map = Float32Array.from([1, 0, 0.25, 0.75]);
  const back = unpackMaps(packMaps({ T: 2, maps: [[map, map], [map, map]], next: [] }), 2, 2, 2);
  expect(Math.max(...back[1]![1]!.map((v, i) => Math.abs(v - map[i]!)))).toBeLessThan(1 / 255);
});

it('asks the engine for a probe and gives the model back, even when it fails', async () => {
  let disposed = 0;
  const V = 32;
  const engine = (fail: boolean): RemoteEngine => ({
    createModel: async () => ({ id: 1 }),
    disposeModel: async () => void (disposed += 1),
    run: async (_: number, { tokens }: { tokens: number[][] }) => {
      if (fail) throw new Error('нет');
      const T = tokens[0]!.length;
      const pattern = { shape: [1, 4, T, T], data: Float32Array.from({ length: 4 * T * T }, (_x, i) => i) };
      const logits = new Float32Array(T * V);
      logits[(T - 1) * V + 2] = 9;
      return { tensors: { 'blocks.0.attn.pattern': pattern, 'blocks.1.attn.pattern': pattern, logits: { shape: [1, T, V], data: logits } }, loss: 0, losses: { shape: [0], data: new Float32Array() } };
    },
  }) as unknown as RemoteEngine;
  const p = await probe(engine(false), config(1), new Float32Array(), [0, 1, 2]);
  expect([p.maps.length, p.maps[1]!.length, p.maps[1]![2]![0], p.next[0]!.letter]).toEqual([2, 4, 18, 'в']);
  await expect(probe(engine(true), config(1), new Float32Array(), [0])).rejects.toThrow('нет');
  await expect(knockouts(engine(true), config(1), new Float32Array(), roles(run)!, 'zero')).rejects.toThrow();
  expect(disposed).toBe(3);
});

it('starts from a string of its own alphabet that repeats', () => {
  expect([...TEXT].every((c) => LETTERS.includes(c))).toBe(true);
  expect(LETTERS).toHaveLength(32);
  expect(TEXT.slice(10, 20)).toBe(TEXT.slice(0, 10));
});
