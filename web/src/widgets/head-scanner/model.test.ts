import { describe, expect, it } from 'vitest';
import { above, ask, best, census, halves, repeats, type Figure, type Recorded } from './model';
import type { RemoteEngine } from '../../../../wasm/client/types';
import json from './recording.json';

const head = (induction: number) => ({ previous: 0.1, duplicate: 0.2, induction, first: 0.3 });
const figure: Figure = { model: 'repeat-2l', seed: 1, layers: 2, heads: 2, scores: [head(0.05), head(0.1), head(0.6), head(0.4)], baseline: head(0.06), loss: { first: 3, second: 1 } };

it('says the random tokens twice, after the separator if there is one', async () => {
  const engine = { taskBatch: async () => ({ tokens: [[4, 7]] }) } as unknown as RemoteEngine;
  expect(await repeats(engine, 9, { half: 2, separator: 0 }, 1)).toEqual([[0, 4, 7, 4, 7]]);
  expect(await repeats(engine, 9, { half: 2, separator: null }, 1)).toEqual([[4, 7, 4, 7]]);
});

it('parts the losses where the repeat begins, leaving out the token nobody can know', () => {
  // T = 6 tokens a b c a b c: losses about b, c, a, b, c.
  expect(halves({ shape: [1, 5], data: [4, 6, 99, 1, 3] }, 3)).toEqual({ first: 5, second: 2 });
});

describe('finding heads', () => {
  it('names the best and counts those above a threshold', () => {
    expect(best(figure, 'induction')).toEqual({ layer: 1, head: 0, value: 0.6 });
    expect([above(figure, 'induction', 0.5), above(figure, 'induction', 0.4), above(figure, 'first', 0.5)]).toEqual([1, 2, 0]);
  });
  it('finds fewer the higher the threshold', () => {
    const counts = census(figure, 'induction').map(([, n]) => n);
    expect(counts[0]).toBe(4);
    expect(counts.at(-1)).toBe(0);
    expect([...counts].sort((a, b) => b - a)).toEqual(counts);
  });
});

it('asks for the scores of the very sequences whose losses it reads', async () => {
  const asked: unknown[] = [];
  const engine = {
    taskBatch: async () => ({ tokens: [[1, 2]] }),
    headScores: async (_: number, on: { tokens: number[][] }) => (asked.push(on.tokens), { heads: figure.scores, baseline: figure.baseline }),
    run: async (_: number, r: { tokens: number[][] }) => (asked.push(r.tokens), { losses: { shape: [1, 4], data: [0, 0, 0, 0] } }),
  } as unknown as RemoteEngine;
  await ask(engine, { id: 1, layers: 2, heads: 2, vocab: 9 }, { model: 'ru-small', seed: 1 });
  expect(asked).toEqual([[[0, 1, 2, 1, 2]], [[0, 1, 2, 1, 2]]]);
});

it('the recording says of every figure which weights it was made with', () => {
  const { figures } = json as unknown as Recorded;
  expect(figures.map((f) => f.figure.model)).toContain('repeat-2l');
  for (const { figure: f, checkpoint } of figures) {
    expect(checkpoint.length).toBeGreaterThan(5);
    expect(f.scores).toHaveLength(f.layers * f.heads);
  }
});
