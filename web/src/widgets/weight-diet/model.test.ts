import { expect, it } from 'vitest';
import type { RemoteEngine } from '../../../../wasm/client/types';
import { ask, FRACTIONS, middle, RULES, type Recorded } from './model';
import json from './recording.json';

const r = json as unknown as Recorded;

it('asks for every share once, and for heads on the same shares', async () => {
  const shares: number[] = [];
  const engine = {
    maskWeights: async (_: number, q: { fraction: number; seed: number; calibration: number }) => {
      shares.push(q.fraction);
      expect(q.calibration).not.toBe(q.seed);
      return { loss: q.fraction, accuracy: 1 - q.fraction };
    },
  } as unknown as RemoteEngine;
  const points = await ask(engine, 1, { rule: 'wanda', seed: 1 });
  expect(shares).toEqual(FRACTIONS);
  expect(points[8]).toEqual({ loss: 0.5, accuracy: 0.5 });
});

it('the recording holds five models, all rules, all shares, and begins with the same whole model', () => {
  expect(r.seeds).toEqual([1, 2, 3, 4, 5]);
  for (const rule of RULES) {
    expect(r.accuracy[rule].map((row) => row.length)).toEqual(Array(5).fill(FRACTIONS.length));
    expect(r.accuracy[rule].map((row) => row[0])).toEqual(r.accuracy.wanda.map((row) => row[0]));
    expect(middle(r, rule, 'loss')).toHaveLength(16);
  }
});
