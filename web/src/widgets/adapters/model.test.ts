import { describe, expect, it } from 'vitest';
import type { AdaptRun, RemoteEngine } from '../../../../wasm/client/types';
import { adapt, EVERY, looks, pack, STEPS, storytellers, TEXT, unpack, type Choice } from './model';
import { collect, same, wanted, type Row } from './rows';

const T = TEXT.length;
const q: Choice = { goal: 'shift', matrices: 'k', layers: '1', rank: 4, seed: 3 };

it('packs lower triangles in sixteen levels', () => {
  const triangle = Array.from({ length: (T * (T + 1)) / 2 }, (_, i) => (i % 16) / 15);
  const [first, second] = unpack(pack([triangle, triangle.map((x) => 1 - x)]));
  expect(first![0]).toBe(0);
  expect(first![T]).toBeCloseTo(1 / 15, 6); // row 1 begins with the second number
  expect(second![T]).toBeCloseTo(14 / 15, 6);
  expect(first![1]).toBe(0); // the future
});

describe('a run', () => {
  const asked: { count: number; layers?: number[]; matrices: string; batch: number }[] = [];
  const gone: number[] = [];
  const engine = {
    createModel: async () => ({ id: 7 }), disposeModel: async (id: number) => void gone.push(id),
    adaptSteps: async (_: number, r: (typeof asked)[number], state?: Float32Array): Promise<AdaptRun> => {
      asked.push(r);
      const step = (state?.[0] ?? 0) + r.count;
      return { step, accuracy: step / STEPS, kept: 0, loss: 1, keptLoss: 1, parameters: 1, state: new Float32Array([step]), weights: new Float32Array(1) };
    },
  } as unknown as RemoteEngine;
  it('goes in slices to the end, on the layer asked for, and gives its model back', async () => {
    const steps: number[] = [];
    const end = await adapt(engine, new Float32Array(1), q, (p) => void steps.push(p.step));
    expect(steps).toEqual(Array.from({ length: STEPS / EVERY + 1 }, (_, i) => i * EVERY));
    expect(end.accuracy).toBe(1);
    expect(asked[1]).toMatchObject({ layers: [1], matrices: 'k', batch: 32, seed: 3, rank: 4 });
    expect(gone).toEqual([7]);
  });
  it('stops when told, and both layers are no list', async () => {
    asked.length = 0;
    await adapt(engine, new Float32Array(1), { ...q, layers: 'both' }, (p) => p.step < 100);
    expect(asked.at(-1)!.layers).toBeUndefined();
    expect(asked).toHaveLength(100 / EVERY + 1);
  });
});

it('reads where heads look at the five places', async () => {
  const [B, H, S] = [1, 4, 12];
  const pattern = new Float32Array(B * H * S * S);
  for (let h = 0; h < H; h += 1) pattern[(h * S + 9) * S + (h === 0 ? 8 : h === 1 ? 7 : h === 2 ? 4 : 5)] = 1; // t = 9, the same token at 3
  const tensor = { shape: [B, H, S, S], data: pattern };
  const engine = {
    createModel: async () => ({ id: 1 }), disposeModel: async () => {},
    taskBatch: async () => ({ tokens: [[]], targets: [[]], weights: [Array.from({ length: S }, (_, t) => (t === 9 ? 1 : 0))], match: [Array.from({ length: S }, () => 3)] }),
    run: async () => ({ tensors: { 'blocks.0.attn.pattern': tensor, 'blocks.1.attn.pattern': tensor } }),
  } as unknown as RemoteEngine;
  const look = await looks(engine, new Float32Array(1), 1);
  expect(look).toHaveLength(8);
  expect(look.slice(0, 4)).toEqual([[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 0, 1]]);
  expect(storytellers(look)).toEqual([0, 6]);
});

it('collects runs by what is the same in their seeds', () => {
  const map = Array.from({ length: 276 }, () => 255);
  const row = (seed: number, way: number): Row => ({
    commit: 'c', section: 'grid', ...q, layers: 'both', seed, baseSteps: 700, rate: 0.01, parameters: 9, way: [0, way], kept: [1, 0.5], base: 0.04, tuned: way, weights: Array.from({ length: 32 }, (_, i) => (i % 4 === 1 ? 0.3 : 0)),
    divergence: [1, 1, 1, 1, 0, 0, 0, 0], enough: Array(8).fill(0), needed: Array(8).fill(0), layerEnough: [0.1, 0.2], layerNeeded: [0, 0], before: Array.from({ length: 8 }, (_, h) => [h === 2 ? 1 : 0, 0, 0, h === 5 ? 1 : 0, 0]), after: Array.from({ length: 8 }, () => [0, 0, 0, 0, 0]),
    ...(seed === 1 && { mapsBefore: Array(8).fill(map), mapsAfter: Array(8).fill(map) }),
  });
  const made = collect([row(2, 0.7), row(1, 0.6)]);
  expect(made['where-or-what'].heads).toEqual([2, 5]);
  expect(made['where-or-what'].ends[0]).toMatchObject({ accuracy: [0.6, 0.7], kept: [0.5, 0.5], way: [0, 0.6] });
  expect(made['head-change'].told[0]!.weights).toEqual({ k: Array(8).fill(0.3) });
  expect(made.adapters.ends[0]!.divergence).toEqual([[1, 0], [1, 0]]);
  expect(same(made['where-or-what'].ends[0]!, wanted({ goal: 'shift', matrices: 'k', layers: 'both' }))).toBe(true);
  expect(wanted({ goal: 'shift', matrices: 'qkvo', layers: '0' }, 0)).toMatchObject({ layers: 'both', rate: 0.001 });
});
