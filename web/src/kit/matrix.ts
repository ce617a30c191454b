// Pure geometry and words of a matrix view.
import { fixed, ru } from './fmt';
import type { ScaleKind } from './colour';

export interface MatrixScale {
  kind: ScaleKind;
  /** What the two ends of the colour bar mean. */
  lo: number;
  hi: number;
  /** Position of a value on the ramp, 0…1. */
  at(value: number): number;
}

/** Probabilities are always 0…1; scores and signed values are symmetric about 0. */
export function matrixScale(kind: ScaleKind, data: ArrayLike<number>, max?: number): MatrixScale {
  if (kind === 'probability') return { kind, lo: 0, hi: 1, at: (v) => v };
  const bound = max ?? niceBound(largest(data));
  return { kind, lo: -bound, hi: bound, at: (v) => (bound > 0 ? 0.5 + v / (2 * bound) : 0.5) };
}

export function largest(data: ArrayLike<number>): number {
  let m = 0;
  for (let i = 0; i < data.length; i += 1) {
    const a = Math.abs(data[i] as number);
    if (Number.isFinite(a) && a > m) m = a;
  }
  return m;
}

/** The smallest of 1, 1.5, 2, 3, 5, 7 × 10^n that is not below x, so that bars of several maps agree. */
export function niceBound(x: number): number {
  if (!(x > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(x));
  const step = [1, 1.5, 2, 3, 5, 7, 10].find((s) => s * power >= x * (1 - 1e-9)) as number;
  return Number((step * power).toPrecision(3));
}

/** The scale promises to cover the data; a picture that breaks the promise lies. Dev builds throw. */
export function assertCovers(scale: MatrixScale, data: ArrayLike<number>, name: string): void {
  const slack = 1e-5 * Math.max(1, Math.abs(scale.hi));
  for (let i = 0; i < data.length; i += 1) {
    const v = data[i] as number;
    if (Number.isFinite(v) && (v < scale.lo - slack || v > scale.hi + slack)) {
      throw new RangeError(`${name}: value ${v} at ${i} lies outside the colour scale ${scale.lo}…${scale.hi}`);
    }
  }
}

/** Cell under a point of the block of cells, or null outside. */
export function cellAt(rows: number, cols: number, cell: number, x: number, y: number): { row: number; col: number } | null {
  const [row, col] = [Math.floor(y / cell), Math.floor(x / cell)];
  return row >= 0 && row < rows && col >= 0 && col < cols ? { row, col } : null;
}

/** Room for row labels, px. */
export const gutterFor = (labels: readonly string[]): number =>
  Math.max(20, Math.min(104, 12 + 8.2 * Math.max(1, ...labels.map((l) => l.length))));

export const quote = (label: string): string => `„${label}“`;

/**
 * Token with its place, counted from `first`, as it is spoken: буква „а“ на месте 3. Numbers that are all different (heads, places,
 * factors) name themselves: „1.0“ (1) would read as two numbers of one thing.
 */
export const place = (labels: readonly string[], index: number, first = 1): string => {
  const label = labels[index] ?? '';
  return labels.every((l) => /^[\d.]+$/.test(l)) && new Set(labels).size === labels.length ? label : `${quote(label)} (${index + first})`;
};

export function isMasked(row: number, col: number, causal: boolean, rows: number, cols: number): boolean {
  // Bottom-right aligned, as the operator is: row i sees keys up to i + (S − T).
  return causal && col > row + (cols - rows);
}

export function cellWords(o: { rows: string[]; cols: string[]; row: number; col: number; value: number; kind: ScaleKind; masked: boolean; first?: number }): string {
  const pair = `${place(o.rows, o.row, o.first)} → ${place(o.cols, o.col, o.first)}`;
  if (o.masked) return `${pair}: закрыто маской`;
  return `${pair}: ${ru(o.value)}`;
}

/** «Буква „б“ (5) смотрит на „а“ (4): 0,71; на „р“ (3): 0,12.» */
export function rowWords(o: { rows: string[]; cols: string[]; row: number; values: ArrayLike<number>; kind: ScaleKind; masked: (col: number) => boolean; noun?: string; first?: number }): string {
  const ranked = Array.from({ length: o.cols.length }, (_, col) => col)
    .filter((col) => !o.masked(col))
    .sort((a, b) => (o.values[b] as number) - (o.values[a] as number));
  const named = ranked.slice(0, 3).filter((col, i) => i === 0 || o.kind !== 'probability' || (o.values[col] as number) >= 0.05);
  const noun = o.noun ?? (o.rows[o.row]?.length === 1 ? 'буква ' : '');
  const head = `${noun}${place(o.rows, o.row, o.first)}`;
  if (named.length === 0) return `${head}: все ключи закрыты маской.`;
  const verb = o.kind === 'probability' ? ' смотрит на ' : ': наибольшее — ';
  return `${head}${verb}${named.map((col) => `${place(o.cols, col, o.first)}: ${ru(o.values[col] as number)}`).join('; ')}.`;
}

/** Next cell for a key of the grid pattern (WAI-ARIA APG), or null when the key is not ours. */
export function moveInGrid(key: string, ctrl: boolean, at: { row: number; col: number }, rows: number, cols: number): { row: number; col: number } | null {
  const clampRow = (r: number): number => Math.min(rows - 1, Math.max(0, r));
  const clampCol = (c: number): number => Math.min(cols - 1, Math.max(0, c));
  switch (key) {
    case 'ArrowUp': return { row: clampRow(at.row - 1), col: at.col };
    case 'ArrowDown': return { row: clampRow(at.row + 1), col: at.col };
    case 'ArrowLeft': return { row: at.row, col: clampCol(at.col - 1) };
    case 'ArrowRight': return { row: at.row, col: clampCol(at.col + 1) };
    case 'Home': return { row: ctrl ? 0 : at.row, col: 0 };
    case 'End': return { row: ctrl ? rows - 1 : at.row, col: cols - 1 };
    case 'PageUp': return { row: clampRow(at.row - 8), col: at.col };
    case 'PageDown': return { row: clampRow(at.row + 8), col: at.col };
    default: return null;
  }
}

export interface MatrixTable {
  data: ArrayLike<number>;
  rows: string[];
  cols: string[];
  masked: (row: number, col: number) => boolean;
}

export function matrixRows(m: MatrixTable): (string | number)[][] {
  const header: (string | number)[] = ['', ...m.cols];
  return [header, ...m.rows.map((label, r) => [label, ...m.cols.map((_, c) => (m.masked(r, c) ? '' : (m.data[r * m.cols.length + c] as number)))])];
}

/** The number in a cell. A small one drops the zero before the point; above 1 it drops the second decimal instead. */
export function cellText(value: number, scale: Pick<MatrixScale, 'kind' | 'hi'>, size: number): string {
  if (size >= 34) return fixed(value, 2);
  return scale.kind === 'probability' || scale.hi <= 1 ? fixed(value, 2).replace(/^(−?)0\./, '$1.') : fixed(value, 1);
}

