import { describe, expect, it } from 'vitest';
import { ask, held, records, SIZES, type Recorded } from './model';
import json from './recording.json';

const recorded = json as unknown as Recorded;

it('counts what the fast memory holds, and how many records are expected', () => {
  expect(held(16, 16, 32)).toBe(16 * 32 + 2 * 16 * 32 + 256 + 16 * 32);
  expect(records(1)).toBe(0);
  expect(records(4)).toBeCloseTo(1 / 2 + 1 / 3 + 1 / 4);
});

it('asks once, with what the reader chose', async () => {
  const asked: object[] = [];
  const reply = { error: 1e-7, traffic: 5, untiled: 9, rescales: 2, mean_rescales: 1.5, maximum: new Float32Array([1]), denominator: new Float32Array([2]), rescaled: new Float32Array([0]) };
  const f = await ask({ tiledAttention: async (q) => { asked.push(q); return reply; } }, { queries: 8, keys: 4, order: 'rising', seed: 3 });
  expect(asked).toEqual([{ tokens: 256, width: 32, queries: 8, keys: 4, order: 'rising', seed: 3 }]);
  expect([f.mean, f.maximum, f.denominator]).toEqual([1.5, [1], [2]]);
});

describe('recording', () => {
  it('is exact for every pair of tiles, and rescales as records fall', () => {
    expect(recorded.worst).toBeLessThan(2e-6);
    expect(recorded.means.map((m) => m.keys)).toEqual([...SIZES]);
    for (const { keys, mean } of recorded.means) expect(Math.abs(mean - records(256 / keys))).toBeLessThan(0.05);
  });
  it('carries less the more queries stand in a tile', () => {
    for (let i = 1; i < recorded.traffic.length; i += 1) expect(recorded.traffic[i]!.traffic).toBeLessThan(recorded.traffic[i - 1]!.traffic);
  });
});
