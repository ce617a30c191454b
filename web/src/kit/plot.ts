// Scales, ticks, paths and label placement of line plots.
import { bisector, extent, ticks as d3ticks } from 'd3-array';
import { short } from './fmt';

export interface Axis {
  lo: number;
  hi: number;
  log: boolean;
  /** Pixel of a value. */
  at(value: number): number;
  /** Value at a pixel. */
  invert(pixel: number): number;
  ticks: number[];
}

export interface AxisOptions {
  lo: number;
  hi: number;
  log?: boolean;
  from: number; // pixel of lo
  to: number; // pixel of hi
  /** Wanted number of ticks. */
  count?: number;
}

/** Linear or logarithmic; `ticks` lie inside [lo, hi]. */
export function axis(o: AxisOptions): Axis {
  const log = o.log === true && o.lo > 0;
  const f = log ? Math.log10 : (v: number): number => v;
  const inverse = log ? (v: number): number => 10 ** v : (v: number): number => v;
  const [a, b] = [f(o.lo), f(o.hi)];
  const k = b === a ? 0 : (o.to - o.from) / (b - a);
  return {
    lo: o.lo,
    hi: o.hi,
    log,
    at: (v) => o.from + (f(v) - a) * k,
    invert: (px) => inverse(k === 0 ? a : a + (px - o.from) / k),
    ticks: log ? logTicks(o.lo, o.hi, o.count ?? 5) : d3ticks(o.lo, o.hi, o.count ?? 5),
  };
}

/** The same axis in hundredths of a pixel (or coarser): shorter to write, and nobody sees the rest. */
export const written = (a: Axis, parts = 100): Axis => ({ ...a, at: (v) => Math.round(a.at(v) * parts) / parts });

/** Powers of ten; with 2 and 5 between them where there is room for all three. */
export function logTicks(lo: number, hi: number, count: number): number[] {
  const [first, last] = [Math.floor(Math.log10(lo)), Math.ceil(Math.log10(hi))];
  const every = Math.max(1, Math.ceil((last - first) / Math.max(1, count)));
  const within = (mantissas: readonly number[]): number[] => {
    const out: number[] = [];
    for (let e = first; e <= last; e += every) {
      for (const m of mantissas) {
        const v = Number((m * 10 ** e).toPrecision(6));
        if (v >= lo * (1 - 1e-9) && v <= hi * (1 + 1e-9)) out.push(v);
      }
    }
    return out;
  };
  const dense = every === 1 ? within([1, 2, 5]) : [];
  return dense.length > 0 && dense.length <= count + 2 ? dense : within([1]);
}

/** A tick in words: large powers of ten as powers, so that they fit beside the axis. */
export const tickText = (v: number): string => {
  const raised = '⁵⁶⁷⁸⁹'[Math.log10(v) - 5];
  return raised ? `10${raised}` : short(v, 5);
};

/** Names of lines for a key: «зерно 1», «зерно 2», «зерно 3» become one entry, since they mean one thing. */
export function keyOf<T extends { label: string }>(lines: readonly T[]): { line: T; words: string }[] {
  const stems = new Map<string, T[]>();
  for (const line of lines) {
    const stem = line.label.replace(/\d+$/, '');
    stems.set(stem, [...(stems.get(stem) ?? []), line]);
  }
  return [...stems].flatMap(([stem, group]) =>
    group.length < 3 ? group.map((line) => ({ line, words: line.label })) : [{ line: group[0] as T, words: stem + group.map((l) => l.label.slice(stem.length)).join(', ') }],
  );
}

type Point = readonly [number, number];

/** Smallest interval that holds every finite value; widened to `include`. */
export function range(values: Iterable<number>, include: readonly number[] = []): [number, number] {
  const [lo, hi] = extent([...values, ...include].filter(Number.isFinite));
  if (lo === undefined || hi === undefined) return [0, 1];
  return lo === hi ? [lo - 0.5, hi + 0.5] : [lo, hi];
}

/** Rounds an interval outwards to ticks, so that the axis ends on numbers. */
export function niceRange([lo, hi]: [number, number], log = false): [number, number] {
  if (log && lo > 0) return [10 ** Math.floor(Math.log10(lo) + 1e-9), 10 ** Math.ceil(Math.log10(hi) - 1e-9)];
  const t = d3ticks(lo, hi, 5);
  const step = t.length > 1 ? (t[1] as number) - (t[0] as number) : 1;
  return [Math.floor(lo / step + 1e-9) * step, Math.ceil(hi / step - 1e-9) * step];
}

/** "M…l…" through the points; NaN (or a value a log axis cannot show) lifts the pen. */
export function path(points: readonly Point[], x: Axis, y: Axis, parts = 10): string {
  let out = '';
  let pen: { X: number; Y: number } | null = null;
  for (const [px, py] of points) {
    // In tenths of a pixel (or in whole ones), and as steps from the point before: half as long as positions, and exact, since tenths add up.
    const [X, Y] = [Math.round(x.at(px) * parts), Math.round(y.at(py) * parts)];
    if (!Number.isFinite(X) || !Number.isFinite(Y)) {
      pen = null;
      continue;
    }
    out += pen ? `l${(X - pen.X) / parts} ${(Y - pen.Y) / parts}` : `M${X / parts} ${Y / parts}`;
    pen = { X, Y };
  }
  return out;
}

const byX = bisector<Point, number>((p) => p[0]);

/** The point whose x is nearest, or null for an empty line. */
export function nearest(points: readonly Point[], x: number): Point | null {
  return points[byX.center(points, x)] ?? null;
}

/** Last point at or before x: what was known then. */
export function valueAt(points: readonly Point[], x: number): number | null {
  const i = byX.right(points, x) - 1;
  return i < 0 ? null : (points[i] as Point)[1];
}

/**
 * Direct labels at line ends: moves overlapping labels apart, keeping their order, within
 * [top, bottom]. Returns the y of each label in the order given.
 */
export function dodge(wanted: readonly number[], gap: number, top: number, bottom: number): number[] {
  const order = wanted.map((y, i) => ({ y, i })).sort((a, b) => a.y - b.y);
  const placed = order.map((o) => Math.min(bottom, Math.max(top, o.y)));
  for (let k = 1; k < placed.length; k += 1) placed[k] = Math.max(placed[k] as number, (placed[k - 1] as number) + gap);
  const overflow = (placed.at(-1) ?? bottom) - bottom;
  if (overflow > 0) {
    placed[placed.length - 1] = bottom;
    for (let k = placed.length - 2; k >= 0; k -= 1) placed[k] = Math.min(placed[k] as number, (placed[k + 1] as number) - gap);
  }
  const out = new Array<number>(wanted.length);
  order.forEach((o, k) => (out[o.i] = placed[k] as number));
  return out;
}

/** Milestone labels on rows above the plot, so that neighbours do not overlap. `at`: where a label begins, or ends if it is left of its line. */
export function stack(xs: readonly number[], widths: readonly number[], limit: number): { row: number; left: boolean; at: number }[] {
  const ends: { from: number; to: number }[][] = [];
  return xs.map((x, i) => {
    const w = widths[i] as number;
    const left = x + w > limit; // label to the left of its line
    const to = left ? Math.max(x, w) : x + w; // too long for either side, it stands over its line
    const from = to - w;
    let row = 0;
    while ((ends[row] ?? []).some((e) => from < e.to + 6 && to > e.from - 6)) row += 1;
    (ends[row] ??= []).push({ from, to });
    return { row, left, at: left ? to - 4 : x + 4 };
  });
}

/** Categorical line colours from the symbol palette; dashes repeat the difference for those who do not see it. */
export const LINE_COLOURS = ['var(--k)', 'var(--q)', 'var(--v)', 'var(--o)', 'var(--head)', 'var(--resid)'] as const;
export const LINE_DASHES = ['', '7 3', '2 3', '9 3 2 3', '5 2 1 2 1 2', '12 4'] as const;
export const lineColour = (i: number): string => LINE_COLOURS[i % LINE_COLOURS.length] as string;
/** Shifted by one on each round of colours, so that no two of 36 lines look the same. */
export const lineDash = (i: number): string => LINE_DASHES[(i + Math.floor(i / LINE_COLOURS.length)) % LINE_DASHES.length] as string;
