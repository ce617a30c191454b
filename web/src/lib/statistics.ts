// What several experiments say about lists of numbers.

/** Ranks 0…n − 1; equal values share the mean of theirs. */
export function ranks(x: readonly number[]): number[] {
  const sorted = x.map((_, i) => i).sort((i, j) => x[i]! - x[j]!);
  const out = new Array<number>(x.length);
  for (let i = 0; i < sorted.length; ) {
    let j = i;
    while (j + 1 < sorted.length && x[sorted[j + 1]!] === x[sorted[i]!]) j += 1;
    for (let k = i; k <= j; k += 1) out[sorted[k]!] = (i + j) / 2;
    i = j + 1;
  }
  return out;
}
/** Spearman's rank correlation; NaN for fewer than three pairs or a constant. */
export function spearman(a: readonly number[], b: readonly number[]): number {
  if (a.length < 3) return NaN;
  const [x, y] = [ranks(a), ranks(b)];
  const mean = (x.length - 1) / 2;
  let [xy, xx, yy] = [0, 0, 0];
  x.forEach((r, i) => { xy += (r - mean) * (y[i]! - mean); xx += (r - mean) ** 2; yy += (y[i]! - mean) ** 2; });
  return xx === 0 || yy === 0 ? NaN : xy / Math.sqrt(xx * yy);
}

export const mean = (x: readonly number[]): number => x.reduce((a, b) => a + b, 0) / x.length;

export function median(x: readonly number[]): number {
  const sorted = [...x].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length === 0 ? NaN : sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
