import { describe, expect, it } from 'vitest';
import { CONDITIONS, condition, config, outcome, type Outcome } from './model';
import type { RemoteEngine } from '../../../../wasm/client/types';

const result = (accuracy: number, previous: number, induction: number, elsewhere: number): Outcome => ({
  accuracy, loss: 1, previous: { head: '0.0', value: previous }, induction: { head: '0.0', value: induction }, elsewhere: { accuracy: elsewhere, loss: 1, counted: 1 },
});

describe('expectations can be refuted', () => {
  it.each([
    ['layer', result(0.3, 0.2, 0.1, 0.3), result(0.7, 0.2, 0.1, 0.7)],
    ['uniform', result(0.03, 0.1, 0.1, 0.03), result(0.03, 0.8, 0.1, 0.03)],
    ['positions', result(0.3, 0.1, 0.1, 0.3), result(0.9, 0.1, 0.9, 0.9)],
    ['smeared', result(0.98, 0.1, 0.9, 0.98), result(0.3, 0.1, 0.1, 0.3)],
    ['offset', result(1, 0.1, 0.1, 0.1), result(1, 0.1, 0.1, 0.9)],
    ['quiet', result(0.86, 0.2, 0.3, 0.86), result(0.99, 0.95, 0.9, 0.99)],
  ] as const)('%s', (id, good, bad) => {
    expect(condition(id)!.holds(good)).toBe(true);
    expect(condition(id)!.holds(bad)).toBe(false);
  });
  it('says what it expects and what would refute it', () => {
    for (const c of CONDITIONS) expect(Math.min(c.expect.length, c.refute.length)).toBeGreaterThan(30);
  });
});

it('changes one thing at a time', () => {
  const { model, task } = config(condition('offset')!.change, 4);
  expect([model.layers, task.fixed_offset, model.width, task.kind]).toEqual([1, true, 64, 'repeat']);
});

it('asks the same of every model and gives it back', async () => {
  const disposed: number[] = [];
  const engine = {
    createModel: async () => ({ id: 5 }),
    headScores: async () => ({ heads: [{ layer: 0, head: 1, previous: 0.9, induction: 0.1 }, { layer: 1, head: 0, previous: 0.1, induction: 0.8 }] }),
    taskBatch: async () => ({ tokens: [[0, 1]], targets: [[1, 0]], weights: [[1, 1]] }),
    run: async () => ({ tensors: { logits: { shape: [1, 2, 32], data: new Float32Array(64) } } }),
    disposeModel: async (id: number) => void disposed.push(id),
  } as unknown as RemoteEngine;
  const o = await outcome(engine, config({}, 1), new Float32Array(0), { step: 1, loss: 2, accuracy: 0.5, heads: [] });
  expect(o).toMatchObject({ accuracy: 0.5, previous: { head: '0.1', value: 0.9 }, induction: { head: '1.0', value: 0.8 }, elsewhere: { counted: 2 } });
  expect(disposed).toEqual([5]);
});
