// Layout of arcs between tokens on a line.

export interface Arc {
  from: number; // query
  to: number; // key
  weight: number;
  path: string;
  width: number;
  height: number;
}

export interface ArcOptions {
  /** [T × T], row = query. */
  weights: ArrayLike<number>;
  tokens: number;
  step: number;
  /** Arcs of one query only. */
  query?: number | null;
  threshold: number;
  /** Tallest arc allowed, px. */
  maxHeight: number;
  base: number;
}

/** Distance → height: sub-linear, so that long arcs stay on the page and short ones stay apart. */
export function arcHeight(distance: number, longest: number, maxHeight: number): number {
  return distance === 0 || longest === 0 ? 0 : maxHeight * (distance / longest) ** 0.7;
}

export function arcs(o: ArcOptions): Arc[] {
  const out: Arc[] = [];
  let longest = 1;
  const pairs: { from: number; to: number; weight: number }[] = [];
  for (let from = 0; from < o.tokens; from += 1) {
    if (o.query !== null && o.query !== undefined && o.query !== from) continue;
    for (let to = 0; to < o.tokens; to += 1) {
      const weight = o.weights[from * o.tokens + to] as number;
      if (!(weight >= o.threshold) || weight <= 0) continue;
      pairs.push({ from, to, weight });
      longest = Math.max(longest, Math.abs(from - to));
    }
  }
  pairs.sort((a, b) => a.weight - b.weight); // strong arcs on top
  for (const p of pairs) {
    const height = p.from === p.to ? Math.min(16, o.maxHeight * 0.3) : Math.max(10, arcHeight(Math.abs(p.from - p.to), longest, o.maxHeight));
    out.push({ ...p, height, width: 0.75 + 4.25 * p.weight, path: arcPath(p.from, p.to, o.step, o.base, height) });
  }
  return out;
}

/** From the key up and over to the query; a loop above the token when it attends to itself. */
export function arcPath(from: number, to: number, step: number, base: number, height: number): string {
  const f = (v: number): string => (Math.round(v * 10) / 10).toString();
  const [a, b] = [(from + 0.5) * step, (to + 0.5) * step];
  if (from === to) {
    const r = Math.min(step * 0.32, 8);
    return `M${f(a - r)} ${f(base)}C${f(a - 1.6 * r)} ${f(base - 1.35 * height)} ${f(a + 1.6 * r)} ${f(base - 1.35 * height)} ${f(a + r)} ${f(base)}`;
  }
  const top = base - (4 / 3) * height; // a cubic with both handles at `top` peaks at 3/4 of the way
  return `M${f(a)} ${f(base)}C${f(a)} ${f(top)} ${f(b)} ${f(top)} ${f(b)} ${f(base)}`;
}
