import { describe, expect, it } from 'vitest';
import type { Specimen } from '../specimen/specimen';
import { LAYOUTS, reread } from './layouts';

const fill = (n: number, k: number): Float32Array => Float32Array.from({ length: n }, (_, i) => k * 1000 + i);
const [D, H, d] = [4, 2, 2];
const specimen = {
  id: 1, info: { config: { layers: 1 } },
  weights: new Map([...['Q', 'K', 'V'].map((l, k) => [`blocks.0.attn.W_${l}`, { shape: [D, H, d], data: fill(D * H * d, k) }] as const), ['blocks.0.attn.W_O', { shape: [H, d, D], data: fill(H * d * D, 3) }] as const]),
} as unknown as Specimen;

describe('layouts of a fused tensor', () => {
  it('give the weights back when written and read by one convention', () => {
    for (const [name, data] of reread(specimen, 'qkv-head')) expect(data, name).toEqual(specimen.weights.get(name)!.data);
  });
  it('only reorder the same numbers otherwise', () => {
    for (const layout of LAYOUTS.slice(1)) {
      const read = reread(specimen, layout);
      const all = ['Q', 'K', 'V', 'O'].map((l) => `blocks.0.attn.W_${l}`);
      const numbers = (get: (n: string) => Float32Array): number[] => all.flatMap((n) => Array.from(get(n))).sort((a, b) => a - b);
      expect(numbers((n) => read.get(n) ?? specimen.weights.get(n)!.data), layout).toEqual(numbers((n) => specimen.weights.get(n)!.data));
      expect(all.some((n) => read.has(n) && read.get(n)!.some((x, i) => x !== specimen.weights.get(n)!.data[i])), layout).toBe(true);
    }
  });
});
