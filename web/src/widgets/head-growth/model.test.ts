import { describe, expect, test } from 'vitest';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { curve, grow, halfway, leaders, pack, saving, unpack, type Growth, type State } from './model';

const head = (induction: number, previous = 0): State['scores'][number] => ({ previous, duplicate: 0, induction, first: 0.25 });
const made: Growth = {
  layers: 1, heads: 2, baseline: head(0.02),
  states: [
    { step: 0, scores: [head(0), head(0.02, 0.1)], loss: { first: 8.3, second: 8.3 } },
    { step: 64, scores: [head(0.2), head(0.02, 0.11)], loss: { first: 8, second: 7.5 } },
    { step: 128, scores: [head(0.5), head(0.03, 0.12)], loss: { first: 8.1, second: 6 } },
    { step: 900, scores: [head(0.8), head(0.03, 0.12)], loss: { first: 8.25, second: 5 } },
  ],
};

describe('growth', () => {
  test('a recording gives back what was measured, to a thousandth', () => {
    expect(unpack(JSON.parse(JSON.stringify(pack(made, { commit: 'c', model: 'm' }))))).toEqual(made);
  });
  test('who leads at the end, and when it was halfway there', () => {
    expect(leaders(made, 'induction', 1)).toEqual([0]);
    expect(leaders(made, 'previous', 2)).toEqual([1, 0]);
    expect(halfway(made, 0, 'induction')?.step).toBe(128);
    expect(halfway(made, 1, 'induction')).toBeNull();
  });
  test('the curve starts at one half on a logarithmic axis', () => {
    expect(curve(made, 0, 'induction')).toEqual([[0.5, 0], [64, 0.2], [128, 0.5], [900, 0.8]]);
    expect(saving(made.states[3]!)).toBeCloseTo(3.25);
  });
});

/** An engine that only keeps count of which models are alive. */
function counting(fail = -1) {
  const alive = new Set<number>([1]);
  const asked: [number, number | undefined][] = [];
  const engine = {
    loadSnapshot: async (_final: number, _file: Uint8Array, number: number, after?: number) => {
      if (number === fail) throw new Error('no');
      asked.push([number, after]);
      alive.add(100 + number);
      return { id: 100 + number, steps: [0, 10, 20] };
    },
    disposeModel: async (id: number) => void alive.delete(id),
    taskBatch: async () => ({ tokens: [[1, 2]] }),
    headScores: async () => ({ heads: [{ ...head(0.5), layer: 0, head: 0 }], baseline: head(0.1) }),
    run: async () => ({ losses: { shape: [1, 4], data: [2, 2, 2, 1] } }),
  } as unknown as RemoteEngine;
  return { alive, asked, engine };
}
const opened = { id: 1, layers: 1, heads: 1, vocab: 8 };

describe('walking through the snapshots', () => {
  test('each is made from the one before it, and none is left in memory', async () => {
    const { alive, asked, engine } = counting();
    const seen: number[] = [];
    const g = await grow(engine, opened, 30, new Uint8Array(), (done) => seen.push(done));
    expect(asked).toEqual([[0, undefined], [1, 100], [2, 101]]);
    expect(g.states.map((s) => s.step)).toEqual([0, 10, 20, 30]);
    expect([...alive]).toEqual([1]);
    expect(seen).toEqual([1, 2, 3]);
  });
  test('a failure on the way leaves nothing behind either', async () => {
    const { alive, engine } = counting(2);
    await expect(grow(engine, opened, 30, new Uint8Array())).rejects.toThrow('no');
    expect([...alive]).toEqual([1]);
  });
});
