import { describe, expect, it } from 'vitest';
import { at, curve, EXTENSIONS, find, nameOf, PAIRS, SEGMENTS, SETTINGS, TUNE_EVERY, TUNE_STEPS, tuning, type Extension, type Recorded } from './model';
import { config } from '../length-race/model';
import recordedJson from './recording.json';

const r = recordedJson as unknown as Recorded;
const set = (extension: Extension, factor: number, kept = PAIRS) => find(r, { extension, factor, kept })!;

it('names a setting, and finds it whatever the factor of no extension', () => {
  expect(nameOf({ extension: 'yarn', factor: 4, kept: PAIRS })).toBe('YaRN ×4');
  expect(nameOf({ extension: 'none', factor: 1, kept: 2 })).toBe('как есть, вращаются 2');
  expect(find(r, { extension: 'none', factor: 7, kept: PAIRS })).toBe(find(r, { extension: 'none', factor: 1, kept: 0 }));
  expect(find(r, { extension: 'linear', factor: 3, kept: PAIRS })).toBeUndefined();
});
it('tunes on longer texts with the weights of the same model', () => {
  const { model } = config('rope', 1);
  expect(tuning(model, 2)).toMatchObject({ model, seed: 1002, steps: TUNE_STEPS, task: { length: 64, segment_max: 32, segment_min: 4 } });
});

describe('the recording', () => {
  it('has five seeds of every setting', () => {
    expect(r.rows).toHaveLength(SETTINGS.length);
    for (const row of r.rows) {
      expect(row.readings).toHaveLength(5);
      expect(curve(row).map(([n]) => n)).toEqual([...SEGMENTS]);
    }
    expect(r.tuned.map((t) => t.extension)).toEqual([...EXTENSIONS]);
    for (const t of r.tuned) expect(t.curve[0]).toHaveLength(TUNE_STEPS / TUNE_EVERY + 1);
  });
  it('starts from the RoPE models of the race', () => expect(Math.min(...at(set('none', 1), 16))).toBeGreaterThan(0.99));
});
