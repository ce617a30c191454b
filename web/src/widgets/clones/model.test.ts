import { describe, expect, it } from 'vitest';
import { config, holds, spread, type Spread } from './model';

const parameters = [
  { name: 'embed.W_E', shape: [2, 2], offset: 0 },
  { name: 'blocks.0.attn.W_Q', shape: [2, 2, 1], offset: 4 }, // [D, H, d]
  { name: 'blocks.0.attn.W_O', shape: [2, 1, 2], offset: 8 }, // [H, d, D]
];

describe('spread of heads', () => {
  it('is exactly zero for equal heads in both layouts', () => {
    const flat = Float32Array.from([9, 8, 7, 6, /* W_Q rows: head0, head1 */ 1, 1, 2, 2, /* W_O: head0, head1 */ 3, 4, 3, 4]);
    expect(spread(flat, parameters).largest).toBe(0);
  });
  it('sees one differing weight of either layout, and only heads', () => {
    const q = Float32Array.from([9, 8, 7, 6, 1, 1, 2, 2.5, 3, 4, 3, 4]);
    expect(spread(q, parameters).largest).toBeCloseTo(0.5, 6);
    const o = Float32Array.from([0, 0, 0, 0, 1, 1, 2, 2, 3, 4, 3, 4.25]);
    expect(spread(o, parameters).largest).toBeCloseTo(0.25, 6);
  });
});

describe('expectation', () => {
  const run = (...largest: number[]): Spread[] => largest.map((l, i) => ({ step: i * 150, accuracy: 0, loss: 0, largest: l, relative: 0 }));
  it('zero noise must stay exactly zero', () => {
    expect(holds(0, run(0, 0, 0))).toBe(true);
    expect(holds(0, run(0, 1e-9, 0))).toBe(false);
  });
  it('noise must grow', () => {
    expect(holds(1e-3, run(1e-3, 0.1, 0.4))).toBe(true);
    expect(holds(1e-3, run(1e-3, 1e-3, 1e-4))).toBe(false);
  });
  it('says nothing before the run is over', () => expect(holds(0, run(0, 0))).toBe(null));
  it('asks the engine for clones', () => expect(config(0.1, 3)).toMatchObject({ model: { identical_heads: true, head_noise: 0.1, heads: 4 }, seed: 3 }));
});
