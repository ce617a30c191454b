import { describe, expect, it } from 'vitest';
import { largestGap, matmul, transpose, zeros, type Matrix } from '../specimen/specimen';
import { basis, invert, SHOWN, toBasis, toCircuits, type Figure } from './model';
import json from './recording.json';

function stream(seed: number): () => number {
  let a = seed;
  return () => ((a = (a * 16807) % 2147483647) - 1) / 2147483646;
}
function random(rows: number, cols: number, next: () => number): Matrix {
  const m = zeros(rows, cols);
  m.data.forEach((_, i) => (m.data[i] = 2 * next() - 1));
  return m;
}
const factors = (next: () => number) => ({ q: random(12, 3, next), k: random(12, 3, next), v: random(12, 3, next), o: random(3, 12, next) });

describe('another basis inside the head', () => {
  it('inverts', () => {
    const { g, inverse } = basis(16, stream(7));
    const unit = matmul(g, inverse);
    for (let i = 0; i < 256; i += 1) expect(unit.data[i]).toBeCloseTo(i % 17 === 0 ? 1 : 0, 10);
  });
  it('refuses a singular matrix', () => expect(() => invert(zeros(3, 3))).toThrow());
  it('changes all four factors and neither product', () => {
    const next = stream(3);
    const f = factors(next);
    const g = toBasis(f, next);
    for (const part of ['q', 'k', 'v', 'o'] as const) expect(largestGap(f[part].data, g[part].data)).toBeGreaterThan(0.5);
    expect(largestGap(matmul(f.q, transpose(f.k)).data, matmul(g.q, transpose(g.k)).data)).toBeLessThan(1e-12);
    expect(largestGap(matmul(f.v, f.o).data, matmul(g.v, g.o).data)).toBeLessThan(1e-12);
  });
});

it('the products stand where two factors stood', () => {
  const f = factors(stream(5));
  const c = toCircuits(f);
  expect(largestGap(matmul(c.q, transpose(c.k)).data, matmul(f.q, transpose(f.k)).data)).toBe(0);
  expect(largestGap(matmul(c.v, c.o).data, matmul(f.v, f.o).data)).toBe(0);
});

describe('the recording', () => {
  const f = json.figure as unknown as Figure;
  it('has ways that agree to rounding', () => {
    for (const gap of Object.values(f.gaps)) expect(gap).toBeLessThan(2e-5 * Math.max(1, f.size));
  });
  it('is additive with the map frozen and not with the map alive', () => {
    for (const a of f.additivity) {
      expect(a.frozen).toBeLessThan(1e-5 * Math.max(1, a.size));
      expect(a.live).toBeGreaterThan(0.05 * a.size);
    }
  });
  it('shows heads that add up to the layer', () => {
    const T = f.tokens.length;
    for (let i = 0; i < T * SHOWN; i += 1) {
      const sum = [0, 1, 2, 3].reduce((s, h) => s + (f.parts[h * T * SHOWN + i] as number), 0);
      expect(Math.abs(sum - (f.parts[5 * T * SHOWN + i] as number))).toBeLessThan(0.12); // five numbers of three digits
    }
  });
});
