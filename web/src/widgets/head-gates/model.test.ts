import { expect, it } from 'vitest';
import type { GateOptions, GateRun, RemoteEngine } from '../../../../wasm/client/types';
import { alive, endingsAt, options, perLayer, PRICES, START_PRICE, STEPS, survivors, train, type Recorded } from './model';
import json from './recording.json';

const r = json as unknown as Recorded;
const run = (step: number): GateRun => ({ step, loss: 1, accuracy: 0.5, gates: { shape: [2, 8], data: new Float32Array(16) }, open: { shape: [2, 8], data: new Float32Array(16) }, state: Float32Array.of(step) });
/** Takes as many steps as asked for, from the state given. */
const engine = { gateSteps: async (_: number, q: GateOptions & { count: number }, state?: Float32Array) => run((state?.[0] ?? 0) + q.count) } as unknown as RemoteEngine;

it('counts as alive what is not exactly zero', () => {
  const gates = [1, 0, 0.2, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1];
  expect(alive(gates)).toEqual([0, 2, 9, 15]);
  expect(perLayer(gates)).toEqual([2, 2]);
  expect(survivors(gates)).toBe('0.0, 0.2, 1.1, 1.7');
});

it('trains to the end in slices, stops when told, and goes on from a state', async () => {
  const steps: number[] = [];
  await train(engine, 1, 0.1, 1, (p) => void steps.push(p.step), undefined, 25, 10);
  expect(steps).toEqual([0, 10, 20, 25]);
  const stopped = await train(engine, 1, 0.1, 1, (p) => p.step < 10, undefined, 100, 10);
  expect(stopped.step).toBe(10);
  const more: number[] = [];
  await train(engine, 1, 0.1, 1, (p) => void more.push(p.step), stopped.state, 30, 10);
  expect(more).toEqual([10, 20, 30]);
  expect(options(0.3, 4)).toMatchObject({ penalty: 0.3, seed: 4, task: { kind: 'repeat' } });
});

it('the recording has every price and seed, five other draws of one model, and the way there', () => {
  for (const price of PRICES) expect(endingsAt(r, price).map((e) => e.seed)).toEqual(r.seeds);
  expect(r.again).toHaveLength(5);
  expect(new Set(r.again.map((e) => e.seed)).size).toBe(5);
  expect(r.path[0]!.step).toBe(0);
  expect(r.path.at(-1)!.step).toBe(STEPS);
  expect(endingsAt(r, START_PRICE)[0]!.gates).toEqual(r.path.at(-1)!.gates);
});
