import { describe, expect, it } from 'vitest';
import type { HeadImportance, HeadRef, RemoteEngine } from '../../../../wasm/client/types';
import { ascending, curve, headAt, indexOf, nameOf, propose, reach, short } from './orders';
import { calibration, config, COUNT, exam, HEADS } from './subject';

it('numbers heads layer by layer', () => {
  expect(headAt(9)).toEqual({ layer: 1, head: 1 });
  for (let i = 0; i < COUNT; i += 1) expect(indexOf(headAt(i))).toBe(i);
  expect(nameOf(15)).toBe('1.7');
  expect(config(3)).toMatchObject({ seed: 3, steps: 1000, model: { heads: HEADS, head_width: 16, width: 64 } });
});

it('never chooses on the rows it is judged on', () => {
  expect(calibration(7).seed).not.toBe(exam(7).seed);
});

it('sorts stably and says how far a curve carries', () => {
  expect(ascending([2, 1, 2, 0])).toEqual([3, 1, 0, 2]);
  expect(reach([0.98, 0.98, 0.97, 0.9, 0.97], 0.02)).toBe(2);
  expect(reach([0.98, 0.98], 0.02)).toBe(1);
  expect(reach([0.98, 0.5], 0.02)).toBe(0);
  expect(short(0.123456)).toBe(0.123);
});

/** Heads 0 and 1 are copies: each alone is free, the second is dear once the first has gone. All others cost 0.1 · i. */
const copies = (asked: HeadRef[][]): RemoteEngine => ({
  headImportance: async (_: number, q: { gone?: HeadRef[] }): Promise<HeadImportance> => {
    asked.push(q.gone ?? []);
    const gone = (q.gone ?? []).map(indexOf);
    const zero = Float32Array.from({ length: COUNT }, (_, i) => (gone.includes(i) ? 0 : i > 1 ? 0.1 * i : gone.some((g) => g < 2) ? 100 : 0));
    const data = { shape: [2, HEADS], data: zero };
    return { loss: 0, accuracy: 1, zero: data, example: data };
  },
  removalCurve: async (_: number, q: { order?: HeadRef[]; draw?: number }) => ({ order: q.order ?? [headAt(q.draw!)], loss: Float32Array.of(1), accuracy: Float32Array.of(0.5) }),
}) as unknown as RemoteEngine;

describe('greedy looks again, one shot does not', () => {
  it('keeps the last of two copies to the end', async () => {
    const asked: HeadRef[][] = [];
    const order = (await propose(copies(asked), 1, 'greedy', exam(1)))!.map(indexOf);
    expect(order[0]).toBe(0);
    expect(order.at(-1)).toBe(1);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: COUNT }, (_, i) => i));
    expect(asked.map((g) => g.length)).toEqual(Array.from({ length: COUNT }, (_, i) => i));
    expect((await propose(copies([]), 1, 'exact', exam(1)))!.map(indexOf).slice(0, 2)).toEqual([0, 1]);
  });
  it('stops when the figure goes away', async () => {
    const gone = new AbortController();
    gone.abort();
    await expect(propose(copies([]), 1, 'greedy', exam(1), gone.signal)).rejects.toThrow();
  });
  it('leaves a random order to the core', async () => {
    expect(await propose(copies([]), 1, 'random', exam(1))).toBeNull();
    expect((await curve(copies([]), 1, 'random', { choose: exam(1), judge: exam(2), draw: 5 })).order).toEqual([5]);
  });
});
