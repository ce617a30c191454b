import { expect, it } from 'vitest';
import { fate, named, ROLES, shuffle, type Figure, type HeadOnMap, type Recorded } from './model';
import json from './recording.json';

const head = (over: Partial<Record<(typeof ROLES)[number], number>>, effect = 0): HeadOnMap => ({ excess: ROLES.map((r) => over[r] ?? 0), effect });

it('names the best role, its margin, and a second that is more than half as good', () => {
  expect(named(head({ first: 0.75, inside: 0.25 }))).toEqual({ role: 'first', best: 0.75, margin: 0.5, second: null });
  expect(named(head({ first: 0.6, inside: 0.4 })).second).toBe('inside');
  expect(named(head({ first: 0.1 })).role).toBe('none');
  expect(named(head({ first: 0.1 }), 0.05).role).toBe('first');
});

it('follows names from the text to its shuffle', () => {
  const f = { maps: { real: [head({ first: 1 }), head({ inside: 1 }), head({ inside: 1 }), head({})], shuffled: [head({ first: 1 }), head({ first: 1 }), head({}), head({ first: 1 })] } } as unknown as Figure;
  expect(fate(f)).toEqual({ kept: 1, changed: 1, lost: 1, fresh: 1 });
});

it('moves tokens and their words together, and leaves what is fixed', () => {
  const line = { ids: [0, 11, 12, 13], layout: { word: [-1, 0, 0, 1], punctuation: [false, true] } };
  const moved = shuffle(line, [2, 0, 1], 1);
  expect(moved.ids).toEqual([0, 13, 11, 12]);
  expect(moved.layout.word).toEqual([-1, 1, 0, 0]);
  expect(moved.layout.punctuation).toEqual([false, true]);
});

it('was recorded for both models', () => {
  const { figures } = json as unknown as Recorded;
  expect(figures.map((f) => [f.model, f.maps.real.length, f.maps.shuffled.length])).toEqual([['repeat-2l', 8, 8], ['ru-small', 40, 40]]);
});
