import { describe, expect, it } from 'vitest';
import { config, curve, LONGEST, oneSeed, PLACES, SCHEMES, segment, SEGMENTS, spread, text, TEXTS, TRAINED, type Recorded } from './model';
import recordedJson from './recording.json';

const r = recordedJson as unknown as Recorded;
const row = (scheme: string) => r.rows.find((x) => x.scheme === scheme)!;
const at = (scheme: string, n: number): number => curve(row(scheme), 'segments').find(([x]) => x === n)![1];

it('trains every scheme on the same short texts, and examines it on longer ones', () => {
  for (const s of SCHEMES) expect(config(s, 3)).toMatchObject({ seed: 3, model: { position: s, width: 64, layers: 2 }, task: { length: TRAINED, segment_max: LONGEST } });
  expect(segment(24)).toMatchObject({ length: 48, segment_min: 24, segment_max: 24, distinct: true });
  expect(text(96)).toMatchObject({ length: 96, segment_max: LONGEST });
});

describe('the recording', () => {
  it('has five seeds of every scheme at every length', () => {
    expect(r.rows.map((x) => x.scheme)).toEqual([...SCHEMES]);
    for (const x of r.rows) {
      expect([x.segments.length, x.texts.length, x.places.length]).toEqual([5, 5, PLACES]);
      expect([x.segments[0]!.length, x.texts[0]!.length]).toEqual([SEGMENTS.length, TEXTS.length]);
      expect(oneSeed(x, 'texts', 4)[0]).toEqual([TRAINED, x.texts[4]![0]]);
    }
  });
  it('confirms: absolute ones fall below 0.9 at 24, ALiBi does not at 32, in every seed', () => {
    for (const s of ['learned', 'sinusoidal']) expect(spread(row(s), SEGMENTS.indexOf(24))[1]).toBeLessThan(0.9);
    expect(spread(row('alibi'), SEGMENTS.indexOf(32))[0]).toBeGreaterThan(0.9);
  });
  it('refutes: T5 is below RoPE at 24 and 32 and above it from 48 on', () => {
    expect(at('t5', 24)).toBeLessThan(at('rope', 24));
    expect(at('t5', 32)).toBeLessThan(at('rope', 32));
    for (const n of [48, 64]) expect(at('t5', n)).toBeGreaterThan(at('rope', n));
  });
  it('falls as 16 / n where places are absolute, because only the first sixteen are looked at', () => {
    for (const s of ['learned', 'sinusoidal']) for (const n of [20, 24, 32, 48, 64]) expect(Math.abs(at(s, n) - 16 / n)).toBeLessThan(0.035);
    const { places } = row('learned');
    expect(Math.min(...places.slice(0, 16))).toBeGreaterThan(0.99);
    expect(Math.max(...places.slice(17))).toBeLessThan(0.06);
  });
});
