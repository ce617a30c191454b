// Numbers as the course prints them: decimal comma in sentences, decimal point on axes, in cells
// and in code; a true minus sign everywhere; digits chosen so that columns align.

const MINUS = '−';
const NBSP = '\u00a0';

function sign(text: string): string {
  return text.startsWith('-') ? MINUS + text.slice(1) : text;
}

/** Fixed decimals with a point: for axes, matrix cells, tables of numbers. Never "-0.00". */
export function fixed(x: number, digits = 2): string {
  if (Number.isNaN(x)) return 'нет';
  if (!Number.isFinite(x)) return x > 0 ? '∞' : `${MINUS}∞`;
  const text = x.toFixed(digits);
  return sign(Number(text) === 0 ? text.replace('-', '') : text);
}

/** For sentences: decimal comma. */
export function ru(x: number, digits = 2): string {
  return fixed(x, digits).replace('.', ',');
}

/** Signed difference: «+0,12», «−0,05», «0,00». */
export function delta(x: number, digits = 2): string {
  const text = ru(x, digits);
  return x > 0 && Number(x.toFixed(digits)) !== 0 ? `+${text}` : text;
}

/** Integers with thin groups: 12 345. */
export function int(x: number): string {
  return sign(Math.round(x).toString()).replace(/\B(?=(\d{3})+(?!\d))/g, NBSP);
}

export function percent(x: number, digits = 0): string {
  return `${ru(100 * x, digits)}${NBSP}%`;
}

/** Axis and cell numbers of any magnitude: 3 significant digits, exponent only where needed; integers keep all their digits, in groups. */
export function short(x: number, significant = 3): string {
  if (x === 0) return '0';
  const a = Math.abs(x);
  if (!Number.isFinite(x) || Number.isNaN(x)) return fixed(x);
  if (a >= 1e4 && a < 1e7 && Number.isInteger(x)) return int(x); // a count is read whole
  if (a >= 1e5 || a < 1e-3) {
    const [mantissa, exponent] = x.toExponential(Math.max(0, significant - 1)).split('e') as [string, string];
    const trimmed = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa;
    return sign(`${trimmed}e${exponent.replace('+', '')}`);
  }
  const digits = Math.max(0, significant - 1 - Math.floor(Math.log10(a)));
  const text = x.toFixed(Math.min(digits, 6));
  return sign(text.includes('.') ? text.replace(/\.?0+$/, '') : text);
}

/** Probability in a small cell: ".71", "1", "0" — the leading zero is dropped to save width. */
export function probability(p: number): string {
  if (Number.isNaN(p)) return 'нет';
  if (p === 0) return '0';
  const text = p.toFixed(2);
  if (text === '1.00') return '1';
  return text === '0.00' ? '<.01' : text.replace(/^0/, '');
}

/** Russian plural: plural(3, ['шаг', 'шага', 'шагов']). */
export function plural(n: number, [one, few, many]: [string, string, string]): string {
  const a = Math.abs(Math.trunc(n)) % 100;
  const b = a % 10;
  if (a > 10 && a < 20) return many;
  if (b === 1) return one;
  return b >= 2 && b <= 4 ? few : many;
}

export const fmt = Object.assign((x: number, digits = 2) => ru(x, digits), {
  fixed, ru, delta, int, percent, short, probability, plural,
});
