import { describe, expect, it } from 'vitest';
import { condition, CONDITIONS, config, full, guessByPlace, judge, lower, named, unpack, type Outcome, type Recorded } from './model';
import { unpack as bytes } from '../specimen/packed';
import json from './recording.json';

describe('which keys a pattern names', () => {
  const x = [5, 2, 5, 7, 2];
  it('previous token and last name: the match alone', () => {
    expect(named('previous', x, 3, 5, 2)).toEqual([2]);
    expect(named('last_name', x, 4, 0, -1)).toEqual([]);
  });
  it('rarest: every place of it, this one included', () => expect(named('rarest', x, 2, 5, 2)).toEqual([0, 2]));
  it('seen: every earlier place of the same letter', () => {
    expect(named('seen', x, 4, 1, 1)).toEqual([1]);
    expect(named('seen', x, 3, 0, -1)).toEqual([]);
  });
});

it('judges a pattern by the weight on those keys', () => {
  // One head, three places; place 2 repeats the letter of place 0.
  const pattern = [1, 0, 0, 0.5, 0.5, 0, 0.7, 0.2, 0.1];
  const { heads, baseline } = judge('seen', pattern, 1, { tokens: [[4, 1, 4]], targets: [[0, 0, 1]], weights: [[0, 1, 1]], match: [[-1, -1, 0]] });
  expect(heads[0]!.mass).toBeCloseTo(0.7, 12);
  expect(heads[0]!.hits).toBe(1);
  expect(heads[0]!.entropy).toBeCloseTo(-(0.7 * Math.log(0.7) + 0.2 * Math.log(0.2) + 0.1 * Math.log(0.1)), 12);
  expect(baseline).toBeCloseTo(1 / 3, 12);
});

it('knows what guessing by place reaches', () => expect(guessByPlace()).toBeCloseTo(0.668, 3));

it('packs a map without its future and back', () => {
  const map = [1, 0, 0.25, 0.75];
  expect(Array.from(full(lower(map, 2), 2))).toEqual(map);
});

it('every verdict can come out either way', () => {
  const head = (mass: number): Outcome['heads'][number] => ({ mass, hits: mass, entropy: 1 });
  const cases: Outcome[] = [0.5, 0.97].flatMap((accuracy) => [0.1, 0.4, 0.9].map((m) => ({ accuracy, heads: [head(m)], baseline: 0.1 })));
  for (const c of CONDITIONS) expect(new Set(cases.map(c.holds)).size, c.id).toBe(2);
});

it('trains one layer of the width it names', () => expect(config(condition('seen-4'), 3)).toMatchObject({ model: { layers: 1, heads: 4, width: 32 }, task: { kind: 'seen', vocab: 24 }, seed: 3 }));

describe('the recording', () => {
  const results = unpack(json as unknown as Recorded, bytes);
  it('holds every condition, with rows that are distributions', () => {
    expect([...results.keys()]).toEqual(CONDITIONS.map((c) => c.id));
    for (const { sample, outcome } of results.values()) {
      expect(sample.maps).toHaveLength(outcome.heads.length);
      const T = sample.tokens.length;
      for (const map of sample.maps) for (let t = 0; t < T; t += 1) expect(Math.abs(map.slice(t * T, (t + 1) * T).reduce((a, b) => a + b, 0) - 1)).toBeLessThan(0.05);
    }
  });
});
