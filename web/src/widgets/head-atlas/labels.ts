// Where names of points stand, so that none covers another.

export interface Point { head: number; x: number; y: number }
export interface Label { head: number; x: number; y: number; anchor: 'start' | 'end' }

const [TALL, SIGN, OFF] = [13, 7.5, 8]; // a name's height, a sign's width, its distance from the point

/** The first of `points` goes first: a name for which no corner of its point is free is left out, but never the first one. */
export function placeLabels(points: readonly Point[], name: (head: number) => string, width: number): Label[] {
  const taken: { left: number; top: number; right: number; bottom: number }[] = [];
  const out: Label[] = [];
  for (const [i, { head, x, y }] of points.entries()) {
    const long = name(head).length * SIGN;
    const corners: Label[] = [-6, 16].flatMap((dy) => (['start', 'end'] as const).map((anchor) => ({ head, x: x + (anchor === 'end' ? -OFF : OFF), y: y + dy, anchor })));
    const box = (l: Label) => { const left = l.anchor === 'end' ? l.x - long : l.x; return { left, right: left + long, top: l.y - TALL, bottom: l.y }; };
    const inside = corners.filter((l) => box(l).left >= 0 && box(l).right <= width);
    const free = inside.find((l) => taken.every((t) => box(l).right <= t.left || box(l).left >= t.right || box(l).bottom <= t.top || box(l).top >= t.bottom));
    const chosen = free ?? (i === 0 ? inside[0] ?? corners[0] : undefined);
    if (!chosen) continue;
    taken.push(box(chosen));
    out.push(chosen);
  }
  return out;
}
