import { expect, it } from 'vitest';
import type { FourBitsRequest, RemoteEngine } from '../../../../wasm/client/types';
import { ask, bars, BLOCKS, figureOf, repeatJudge, SOURCES, type Recorded } from './model';
import json from './recording.json';

const recorded = json as unknown as Recorded;

it('asks a model only where a model is meant', async () => {
  const asked: FourBitsRequest[] = [];
  const t = (n: number) => ({ shape: [n], data: new Float32Array(n) });
  const engine = { fourBits: async (r: FourBitsRequest) => (asked.push(r), { bits: 4.5, weights: 1, error: t(3), entropy: t(3), used: t(48), levels: t(48), ...(r.model !== undefined && { loss: t(4) }) }) } as unknown as RemoteEngine;
  const drawn = await ask(engine, { source: 'uniform', block: 64, double: true, seed: 2 }, null);
  expect(asked[0]).toEqual({ source: 'uniform', block: 64, double: true, seed: 2 });
  expect(drawn.loss).toBeUndefined();
  const real = await ask(engine, { source: 'repeat-2l', block: 32, double: false, seed: 1 }, repeatJudge(5));
  expect(asked[1]).toMatchObject({ source: 'model', model: 5, batch: 128 });
  expect(real.loss).toHaveLength(4);
});

it('was recorded for every source and block; shares add up', () => {
  for (const source of SOURCES) for (const block of BLOCKS) {
    const f = figureOf(recorded, source, block);
    for (const code of [0, 1, 2]) expect(Math.abs(bars(f, code).reduce((s, b) => s + b.share, 0) - 1)).toBeLessThan(0.01);
  }
  expect(bars(figureOf(recorded, 'normal', 64), 1)).toHaveLength(15);
});
