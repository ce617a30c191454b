// The drawing on the title page: the title's own letters on both sides of a causal map. It is a scheme, computed from the
// letters alone: where the two heads of chapter 7 must look if they do their work without a mistake.

export type Cell = 'masked' | 'open' | 'previous' | 'induction' | 'both';

/**
 * cells[i][j]: what query i has to do with key j. The previous-token head looks at i−1. An ideal induction head looks right
 * after every earlier occurrence of its own letter: at j with x[j−1] = x[i], j ≤ i.
 */
export function coverCells(letters: string): Cell[][] {
  const x = [...letters];
  return x.map((own, i) => x.map((_, j): Cell => {
    if (j > i) return 'masked';
    const previous = j === i - 1;
    const induction = j > 0 && x[j - 1] === own && j - 1 < i;
    return previous && induction ? 'both' : previous ? 'previous' : induction ? 'induction' : 'open';
  }));
}
