import { expect, it } from 'vitest';
import type { PoolingAccounts, PoolingRun } from '../../../../wasm/client/types';
import liarJson from '../liar/recording.json';
import rowJson from '../under-the-row/recording.json';
import { ACCOUNTS, ENCODERS, EVERY, histogram, hit, PENALTIES, SEEDS, sentence, sign, STEPS, summarise, T, train, typical, word, WORDS, type LiarRecorded, type RowRecorded } from './model';

const rowRecorded = rowJson as unknown as RowRecorded, liar = liarJson as unknown as LiarRecorded;

it('knows the words of the core: six for, six against, twenty that mean nothing', () => {
  expect(WORDS).toHaveLength(32);
  expect(new Set(WORDS).size).toBe(32);
  expect([0, 5, 6, 11, 12, 31].map(sign)).toEqual([1, 1, -1, -1, 0, 0]);
  expect([word(0), word(6), word(12)]).toEqual(['+тепло', '−холод', 'дом']);
});

it('counts hits among as many words as have a sign', () => {
  const tokens = [0, 20, 6, 21, 22, 23, 24, 25, 26, 27, 28, 1];
  const on = tokens.map((t) => (sign(t) === 0 ? 0 : 1));
  expect(hit(on, tokens)).toBe(1);
  expect(hit(on.map((v) => 1 - v), tokens)).toBe(0);
  expect(hit([9, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0], tokens)).toBeCloseTo(2 / 3);
});

it('puts τ into bins of equal width, and what is not a number nowhere', () => {
  expect(histogram([-1, -0.99, 1, NaN, 0.1], 4)).toEqual([0.5, 0, 0.25, 0.25]);
});

// Two sentences: in the first the sum is 1 with three signed words, in the second 3.
const tokens = [0, 1, 6, 20, 20, 20, 20, 20, 20, 20, 20, 20, 0, 1, 2, 20, 20, 20, 20, 20, 20, 20, 20, 20];
const tensor = (data: number[], shape: number[]) => ({ shape, data: Float32Array.from(data) });
const right = tokens.map((t) => (sign(t) === 0 ? 0 : 1)), wrong = right.map((v) => 1 - v);
const accounts = {
  tokens: tensor(tokens, [2, T]), logit: tensor([1, 3], [2]), weight: tensor(wrong, [2, T]), carried: tensor(right, [2, T]), gradient: tensor(right, [2, T]),
  left_out: tensor(right.map((v, i) => (i < T ? v : 1 - v)), [2, T]), agreement: tensor([0.5, NaN, -1, -1, 0, 1, 0, 0], [4, 2]), shuffled: tensor([0.1, 0.3], [2]),
} satisfies PoolingAccounts;

it('summarises accounts: means of τ without what is undefined, hits by whether a word can be spared', () => {
  const s = summarise(accounts);
  expect(s.tau).toEqual([0.5, -1, 0.5, 0]);
  expect(s.hits).toEqual({ weight: 0, carried: 1, gradient: 1, left_out: 0.5 });
  expect([s.tight.left_out, s.spare.left_out]).toEqual([1, 0]);
  expect(s.moved).toBeCloseTo(0.2);
  expect(s.caused).toBeCloseTo(3 / 12);
  expect(typical(accounts)).toBe(0);
  const own = sentence(accounts, 0);
  expect(own.words.slice(0, 4)).toEqual(['+тепло', '+ясно', '−холод', 'круг']);
  expect(own.accounts.left_out.reduce((a, b) => a + b, 0)).toBeCloseTo(1);
});

it('trains in slices, stops when told, and goes on from there', async () => {
  const engine = { poolingSteps: async (q: { count: number }, state?: Float32Array): Promise<PoolingRun> => {
    const step = (state?.[0] ?? 0) + q.count;
    return { step, accuracy: step / STEPS, mass: 0.5, loss: 1, state: new Float32Array([step]) };
  } };
  const steps: number[] = [];
  const half = await train(engine, { encoder: 'single' }, (p) => { steps.push(p.step); return p.step < 300; });
  await train(engine, { encoder: 'single' }, (p) => void steps.push(p.step), half.state);
  expect(steps).toEqual(Array.from({ length: STEPS / EVERY + 1 }, (_, i) => i * EVERY));
});

it('was recorded for every encoder and penalty, five seeds each', () => {
  for (const encoder of ENCODERS) {
    expect(rowRecorded.encoders.find((e) => e.encoder === encoder)!.summaries).toHaveLength(SEEDS.length);
    for (const penalty of PENALTIES) {
      const run = liar.runs.find((r) => r.encoder === encoder && r.penalty === penalty)!;
      expect(run.ends).toHaveLength(SEEDS.length);
      expect(run.words).toHaveLength(T);
      expect(run.accounts).toHaveLength(ACCOUNTS.length);
      expect(run.curve).toHaveLength(STEPS / EVERY + 1);
    }
  }
});
