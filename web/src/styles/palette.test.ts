import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

type Rgb = [number, number, number];
const css = readFileSync(new URL('./palette.css', import.meta.url), 'utf8');
const themes = Object.fromEntries([...css.matchAll(/\[data-theme='(light|dark)'\] \{([^}]*)\}/g)].map(([, name, body]) =>
  [name, new Map([...body.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map(([, key, value]) => [key, value]))]));

const rgb = (hex: string): Rgb => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255) as Rgb;
const linear = (c: number): number => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
const luminance = (hex: string): number => { const [r, g, b] = rgb(hex).map(linear); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const contrast = (a: string, b: string): number => { const [hi, lo] = [luminance(a), luminance(b)].sort((x, y) => y - x); return (hi + 0.05) / (lo + 0.05); };

/** Viénot, Brettel and Mollon 1999: what a dichromat sees, in linear RGB. */
const dichromat = { protan: [[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]], deutan: [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]] };
const lab = (lin: number[]): number[] => {
  const [r, g, b] = lin.map((c) => Math.min(1, Math.max(0, c)));
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b), m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b), s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s, 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s, 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s];
};
const seen = (hex: string, kind: keyof typeof dichromat): number[] => { const x = rgb(hex).map(linear); return lab(dichromat[kind].map((row) => row[0] * x[0] + row[1] * x[1] + row[2] * x[2])); };
const distance = (a: number[], b: number[]): number => Math.hypot(...a.map((v, i) => v - b[i]));

describe.each(Object.entries(themes))('%s', (_, colours) => {
  const get = (name: string): string => { const v = colours.get(name); if (!v) throw new Error(`no --${name}`); return v; };
  const letters = ['q', 'k', 'v', 'o', 'resid', 'mask', 'head', 'accent', 'good'];

  it.each(letters)('%s: text 4.5 on page and on its fill, marks 3', (name) => {
    expect(contrast(get(`${name}-ink`), get('paper'))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(get(`${name}-ink`), get('paper-2'))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(get(`${name}-ink`), get(`${name}-soft`))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(get(name), get('paper'))).toBeGreaterThanOrEqual(3);
  });
  it('reads the text colours on both papers', () => {
    for (const ink of ['ink', 'ink-2', 'ink-3']) for (const paper of ['paper', 'paper-2']) expect(contrast(get(ink), get(paper)), `${ink} on ${paper}`).toBeGreaterThanOrEqual(4.5);
    expect(contrast(get('rule-strong'), get('paper'))).toBeGreaterThanOrEqual(3);
  });
  it('tells Q, K, V and O apart for dichromats too', () => {
    const four = ['q', 'k', 'v', 'o'];
    for (const kind of ['protan', 'deutan'] as const) for (const [i, a] of four.entries()) for (const b of four.slice(i + 1))
      expect(distance(seen(get(a), kind), seen(get(b), kind)), `${a} and ${b}, ${kind}`).toBeGreaterThan(0.07);
  });
  it('orders the sequential scale by lightness in even steps', () => {
    const l = Array.from({ length: 7 }, (__, i) => lab(rgb(get(`seq-${i}`)).map(linear))[0]);
    const steps = l.slice(1).map((v, i) => v - l[i]);
    expect(new Set(steps.map(Math.sign)).size).toBe(1);
    const sizes = steps.map(Math.abs);
    expect(Math.max(...sizes) / Math.min(...sizes)).toBeLessThan(3);
  });
  it('keeps the two arms of the diverging scale alike in lightness and apart for dichromats', () => {
    for (const i of [1, 2, 3]) {
      const neg = get(`div-neg-${i}`), pos = get(`div-pos-${i}`);
      expect(Math.abs(lab(rgb(neg).map(linear))[0] - lab(rgb(pos).map(linear))[0]), `arm ${i}`).toBeLessThan(0.1);
      for (const kind of ['protan', 'deutan'] as const) expect(distance(seen(neg, kind), seen(pos, kind))).toBeGreaterThan(0.07);
    }
  });
});
