import { describe, expect, it } from 'vitest';
import { exchanged, partner, reader, replacements, SWAPS, TEXT, type Recorded } from './model';
import json from './recording.json';

const r = json as unknown as Recorded;
const T = (shape: number[], data: number[]) => ({ shape, data: Float32Array.from(data) });

describe('the exchange', () => {
  const k = T([1, 3, 2, 1], [1, 2, 3, 4, 5, 6]);
  it('moves whole rows, of every head, and leaves the source alone', () => {
    expect([...exchanged(k, 0, 2).data]).toEqual([5, 6, 3, 4, 1, 2]);
    expect([...exchanged(exchanged(k, 0, 2), 0, 2).data]).toEqual([...k.data]);
    expect([...k.data]).toEqual([1, 2, 3, 4, 5, 6]);
  });
  it('asks to replace what its name says', () => {
    expect(SWAPS.map((s) => replacements(s, k, k).map((x) => x.name.at(-1)).join(''))).toEqual(['', 'v', 'k', 'kv']);
  });
  it('finds the reader: the brightest cell of the last row', () => {
    // two heads over two places; head 1 looks back harder
    expect(reader(T([1, 2, 2, 2], [1, 0, 0.4, 0.6, 1, 0, 0.9, 0.1]))).toMatchObject({ head: 1, place: 0 });
  });
  it('takes a partner with another letter, never the last place', () => {
    expect(partner([7, 1, 7, 2, 3], 0, 3)).toBe(3);
    expect(partner([7, 1, 7, 2, 3], 0, 2)).toBe(1); // the same letter will not do
    expect(partner([7, 1, 2, 3], 0, 3)).toBe(2); // nor the reader's own place
  });
});

describe('the recording shows what the chapter says', () => {
  const { outcomes, a, b, text } = r.figure;
  const first = (s: keyof typeof outcomes): string => outcomes[s].next[0]!.letter;
  it('answers with the other letter when one side moves, with its own when both do', () => {
    expect(text).toBe(TEXT);
    expect([first('none'), first('v'), first('k'), first('kv')]).toEqual([text[a], text[b], text[b], text[a]]);
  });
  it('moves the map with the keys only', () => {
    expect(outcomes.v.row).toEqual(outcomes.none.row);
    expect(outcomes.k.row[b]).toBe(outcomes.none.row[a]);
    expect(outcomes.kv.row).toEqual(outcomes.k.row);
  });
});
