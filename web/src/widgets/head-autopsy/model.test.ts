import { describe, expect, it } from 'vitest';
import { count, idle, KEYS, misplaced, pack, unpack, verdict, type Figure, type Head } from './model';

const head = (part: Partial<Head>): Head => ({ zero: 0, mean: 0, example: 0, token: 0, turn: 0, place: 1, asked: 1, other: 1, first: 0, previous: 0, induction: 0, ...part });

describe('a verdict names its price', () => {
  it('dear alone, dear in its turn, never dear', () => {
    expect(verdict(head({ zero: 0.5, turn: 9 }), 0.1)).toBe('alive');
    expect(verdict(head({ zero: 0.5, turn: 9 }), 1)).toBe('doubled');
    expect(verdict(head({ zero: 0.01, turn: 0.02 }), 0.1)).toBe('useless');
    expect(verdict(head({ zero: -0.01, turn: 0.2 }), 0.1)).toBe('doubled');
  });
  it('the three make the whole, whatever the price', () => {
    const f: Figure = { loss: 0, accuracy: 1, heads: Array.from({ length: 16 }, (_, i) => head({ zero: i / 10, turn: (i * 7) % 16 })) };
    for (const e of [0.001, 0.3, 2]) expect((['alive', 'doubled', 'useless'] as const).reduce((s, v) => s + count(f, e, v), 0)).toBe(16);
  });
});

it('calls a head idle only if a part of the text hardly hears it', () => {
  expect(idle(head({ asked: 4, other: 0.9 }))).toBe(true);
  expect(idle(head({ asked: 0.9, other: 4 }))).toBe(true);
  expect(idle(head({ asked: 4, other: 1.1 }))).toBe(false);
});

it('measures in places how far a cheap test is off', () => {
  const f: Figure = { loss: 0, accuracy: 1, heads: [head({ zero: 3, example: 1 }), head({ zero: 2, example: 2 }), head({ zero: 1, example: 3 })] };
  expect(misplaced(f, 'example')).toEqual([-2, 0, 2]);
  expect(misplaced(f, 'mean')).toEqual([-1, 0, 1]);
});

it('comes back from the recording as it went in', () => {
  const f: Figure = { loss: 0.5, accuracy: 0.98, heads: [head({ zero: 0.125, place: 16, turn: 2.5 })] };
  expect(unpack(pack(f))).toEqual(f);
  expect(KEYS.length).toBe(Object.keys(f.heads[0]!).length);
});
