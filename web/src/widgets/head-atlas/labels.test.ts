import { describe, expect, it } from 'vitest';
import { placeLabels, type Label } from './labels';

const name = (h: number): string => `0.${h}`;
const overlap = (a: Label, b: Label): boolean => {
  const box = (l: Label) => (l.anchor === 'end' ? [l.x - 22.5, l.x] : [l.x, l.x + 22.5]) as [number, number];
  return box(a)[0] < box(b)[1] && box(b)[0] < box(a)[1] && Math.abs(a.y - b.y) < 13;
};

describe('names of points', () => {
  it('stand to the upper right where there is room', () => {
    expect(placeLabels([{ head: 3, x: 50, y: 60 }], name, 200)).toEqual([{ head: 3, x: 58, y: 54, anchor: 'start' }]);
  });
  it('turn inwards at the right edge', () => {
    expect(placeLabels([{ head: 3, x: 190, y: 60 }], name, 200)[0]!.anchor).toBe('end');
  });
  it('never cover one another; what has no corner left is left out, but not the first', () => {
    const points = Array.from({ length: 9 }, (_, head) => ({ head, x: 100 + head, y: 80 + (head % 2) }));
    const placed = placeLabels(points, name, 200);
    expect(placed.length).toBeGreaterThanOrEqual(3);
    expect(placed.length).toBeLessThan(9);
    expect(placed[0]!.head).toBe(0);
    for (const a of placed) for (const b of placed) if (a !== b) expect(overlap(a, b)).toBe(false);
    expect(placeLabels([{ head: 1, x: 5, y: 5 }], name, 10)).toHaveLength(1);
  });
});
