import { describe, expect, it } from 'vitest';
import { ask, copies, queries, type Figure } from './model';
import type { RemoteEngine } from '../../../../wasm/client/types';
import type { Specimen } from '../specimen/specimen';
import json from './recording.json';

it('asks columns, the queries, not rows', () => {
  // Key letter × query letter: every query prefers key 0, though both rows peak on the diagonal or not.
  expect(queries([5, 4, 1, 3], 2)).toBe(0.5);
  expect(queries([5, 0, 1, 3], 2)).toBe(1);
});

it('makes and throws away a fresh model only when asked for one', async () => {
  const log: string[] = [];
  const engine = {
    createModel: async (_: unknown, seed: number) => (log.push(`create ${seed}`), { id: 9 }),
    disposeModel: async (id: number) => void log.push(`dispose ${id}`),
    circuits: async (id: number, h: { layer: number }) => ({ ov: { data: Float32Array.from(id === 9 ? [0, 1, 1, 0] : [1, 0, 0, h.layer]) }, copying: id === 9 ? 0 : 1 }),
    kComposition: async () => ({ data: Float32Array.from([1, 0, 0, 1]) }),
  } as unknown as RemoteEngine;
  const m = { id: 1, info: { config: { layers: 2, heads: 1, vocab: 2 } } } as unknown as Specimen;
  const trained = await ask(engine, m, { trained: true, seed: 1 });
  expect([trained.heads[1]!.self, trained.composed, copies(trained), log]).toEqual([1, [1], true, []]);
  const fresh = await ask(engine, m, { trained: false, seed: 4 });
  expect([copies(fresh), fresh.together.self, log]).toEqual([false, 0, ['create 4', 'dispose 9']]);
});

describe('the recording', () => {
  const { trained, fresh } = json as unknown as { trained: Figure; fresh: Figure };
  it('tells the trained model from the untrained', () => {
    expect([copies(trained), copies(fresh)]).toEqual([true, false]);
    expect(trained.heads).toHaveLength(8);
    expect(Math.max(...fresh.composed)).toBeLessThan(0.5);
  });
});
