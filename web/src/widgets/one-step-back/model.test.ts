import { describe, expect, it } from 'vitest';
import { mulberry } from '../../lib/random';
import { bagBound, config, lookingBack, SCHEMES, SHOWN, type Recorded } from './model';
import type { HeadScores } from '../../../../wasm/client/types';
import recordedJson from './recording.json';

const r = recordedJson as unknown as Recorded;
const row = (scheme: string, layers: number) => r.rows.find((x) => x.scheme === scheme && x.layers === layers)!;

describe('the ceiling of a bag', () => {
  it('is the harmonic mean where no letter repeats, and one where there is only one letter', () => {
    const distinct = bagBound(mulberry(1), 50, 5, 1000);
    expect(distinct.past).toBeCloseTo((1 + 1 / 2 + 1 / 3 + 1 / 4) / 4, 2);
    expect(distinct.text).toBeCloseTo(1 / 4, 2);
    expect(bagBound(mulberry(1), 5, 8, 1)).toEqual({ past: 1, text: 1 });
  });
  it('is what was recorded', () => {
    const again = bagBound(mulberry(2), 1000);
    expect(again.past).toBeCloseTo(r.bound.past, 2);
    expect(again.text).toBeCloseTo(r.bound.text, 2);
  });
});

it('takes the mask away from one scheme only', () => {
  for (const s of SCHEMES) expect(config(s, 1, 1).model.kind).toBe(s === 'unmasked' ? 'encoder' : undefined);
});
it('finds the head that looks back', () => {
  const heads = [0.2, 0.7, 0.1].map((previous, head) => ({ layer: 0, head, previous })) as HeadScores[];
  expect(lookingBack(heads).head).toBe(1);
});

describe('the recording', () => {
  it('has five seeds and a map of every scheme with one layer and with two', () => {
    expect(r.rows.map((x) => `${x.scheme} ${x.layers}`)).toEqual([1, 2].flatMap((l) => SCHEMES.map((s) => `${s} ${l}`)));
    for (const x of r.rows) expect([x.accuracy.length, x.curve.length, x.map.length]).toEqual([5, r.steps.length, SHOWN * SHOWN]);
  });
  it('keeps one layer without positions at the ceiling, and no more', () => {
    for (const a of row('none', 1).accuracy) expect(Math.abs(a - r.bound.past)).toBeLessThan(0.03);
    for (const layers of [1, 2]) for (const a of row('unmasked', layers).accuracy) expect(a).toBeLessThan(r.bound.text + 0.03);
  });
  it('lets two layers with the mask break it', () => expect(Math.min(...row('none', 2).accuracy)).toBeGreaterThan(0.5));
});
