import { describe, expect, it } from 'vitest';
import { CONTEXT, DISTANCES, ofPair, request, shown, slow, START, total, wavelength, type Figure, type Recorded } from './model';
import recordedJson from './recording.json';

const r = recordedJson as unknown as Recorded;
const f: Figure = { pairs: 8, parts: Float32Array.from(r.parts), frequency: Float32Array.from(r.frequency), moved: 0 };

it('asks for tuned vectors or for those of a seed, and stretches only when told to', () => {
  expect(request(START)).toMatchObject({ width: 16, offset: 1, factor: 1, context: CONTEXT });
  expect(request({ ...START, vectors: 'random', seed: 7, extension: 'yarn', factor: 4 })).toMatchObject({ seed: 7, extension: 'yarn', factor: 4 });
  expect(request({ ...START, vectors: 'random' })).not.toHaveProperty('offset');
});

describe('the recording', () => {
  it('is eight cosines of the distance, each highest at the offset', () => {
    for (let i = 0; i < 8; i += 1) for (const [d, x] of ofPair(f, i)) expect(x).toBeCloseTo(0.5 * Math.cos((d - 1) * f.frequency[i]!), 2);
  });
  it('sums to the score, highest where the query is tuned', () => {
    const s = total(f);
    expect(s).toHaveLength(DISTANCES);
    expect(s[1]![1]).toBeCloseTo(4, 2);
    expect(Math.max(...s.map(([, x]) => x))).toBe(s[1]![1]);
  });
  it('has the wavelengths that the chapter names', () => {
    expect(wavelength(f, 0)).toBeCloseTo(6.283, 2);
    expect(Math.round(wavelength(f, 7))).toBeGreaterThan(19_500);
    expect(wavelength(f, 7)).toBeLessThan(20_000);
    expect(slow(f, CONTEXT)).toBe(6);
  });
});

it('draws a few clocks of many', () => {
  expect(shown(8)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(shown(64)).toEqual([0, 9, 18, 27, 36, 45, 54, 63]);
});
it('counts slow pairs as the chapter does', () => {
  const ladder = (b: number): Float32Array => Float32Array.from({ length: 64 }, (_, m) => b ** (-m / 64));
  expect(slow({ frequency: ladder(1e4) }, 4096)).toBe(18);
  expect(slow({ frequency: ladder(5e5) }, 8192)).toBe(29);
  expect(slow({ frequency: ladder(1e6) }, 32_768)).toBe(24);
});
