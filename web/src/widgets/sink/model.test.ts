import { expect, it } from 'vitest';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import type { RuSmall } from '../ru-small/open.ts';
import { evictions, isMark, placeOf, seen, shared, sinks, STARTS, tokensWith, weightOn } from './model';
import json from './recording.json';

const words: Record<string, number> = { '.': 7, ' стол': 9 };
const m = { id: 1, tokenizer: { encode: (text: string) => ({ ids: text in words ? [0, words[text]!] : [0, 1, 2, 3] }) } } as unknown as RuSmall;

it('puts another token in the place of the start, or none, or a word before it', () => {
  expect(STARTS.map((first) => tokensWith(m, 'текст', first))).toEqual([[0, 1, 2, 3], [7, 1, 2, 3], [9, 1, 2, 3], [1, 2, 3], [9, 0, 1, 2, 3]]);
  expect(STARTS.map(placeOf)).toEqual([0, 0, 0, 0, 1]);
});
it('compares the same targets whatever stands first', () => {
  // Losses of targets w1 w2 w3 (with a start), w2 w3 (none), ⊢ w1 w2 w3 (late): w2 and w3 are shared.
  expect(shared([5, 2, 4], 'start')).toBe(3);
  expect(shared([2, 4], 'none')).toBe(3);
  expect(shared([9, 5, 2, 4], 'late')).toBe(3);
});
it('hides what it is told to hide, below the diagonal only', () => {
  const marks = seen(2, 3, (k, i, j) => k === 1 && j === 0 && i > 0);
  expect([...marks.subarray(0, 9)]).toEqual(Array(9).fill(1));
  expect([...marks.subarray(9)]).toEqual([1, 1, 1, 0, 1, 1, 0, 1, 1]);
});
it('averages the rise over the targets behind the place', async () => {
  const engine = { blind: async (_: number, { seen: s }: { seen: Float32Array }) => ({ shape: [2, 4], data: Float32Array.from([1, 1, 3, 5, 1, 1, 1, 2]), s }) } as unknown as RemoteEngine;
  // Target t is predicted at place t; those at places behind j could have looked at it.
  expect(await evictions(engine, m, [0, 1, 2, 3, 4], [1, 1, 1, 1], 'evict', [1, 2])).toEqual([3, 1]);
});
it('tells marks from words, and adds up what falls to them', () => {
  expect([',', '␣—', '...', '«', '»,'].every(isMark)).toBe(true);
  expect(['␣стол', '⊢', '␣', 'а', '1', ''].some(isMark)).toBe(false);
  const map = new Float32Array([1, 0, 0, 0.25, 0.75, 0, 0.2, 0.3, 0.5]); // one head, three places
  const { share, each } = weightOn([map], 1, 3, [1]);
  expect(share).toBeCloseTo((0.75 + 0.3) / 2, 6);
  expect(each).toHaveLength(1);
  expect(each[0]!.weight).toBeCloseTo(0.3, 6);
  expect(each[0]!.rows).toBe(1);
});
it('counts sinks', () => expect(sinks([0.2, 0.3, 0.31, 0.9])).toBe(2));
it('the recording shows what the figure says at rest', () => {
  const { figure, layer, head } = json;
  expect(figure.heads.weight).toHaveLength(40);
  expect(Math.max(...figure.heads.weight)).toBe(figure.heads.weight[layer * 8 + head]);
  expect(figure.evict[0]).toBeGreaterThan(4 * Math.abs(figure.silence[0]!));
});
