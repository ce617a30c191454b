// Colour scales over the palette's CSS custom properties. `css` strings serve DOM and SVG and
// follow the theme by themselves; `Ramp` holds resolved RGB for canvases.

export const SEQUENTIAL = ['--seq-0', '--seq-1', '--seq-2', '--seq-3', '--seq-4', '--seq-5', '--seq-6'] as const;
export const DIVERGING = ['--div-neg-3', '--div-neg-2', '--div-neg-1', '--div-0', '--div-pos-1', '--div-pos-2', '--div-pos-3'] as const;

export type Rgb = readonly [number, number, number];
export type ScaleKind = 'probability' | 'score' | 'signed';

const clamp01 = (x: number): number => (x > 0 ? Math.min(1, x) : 0); // NaN → 0

function mix(stops: readonly string[], t: number): string {
  const at = clamp01(t) * (stops.length - 1);
  const i = Math.min(stops.length - 2, Math.floor(at));
  const share = Math.round((at - i) * 1000) / 10;
  if (share === 0) return `var(${stops[i]})`;
  return share === 100 ? `var(${stops[i + 1]})` : `color-mix(in oklab, var(${stops[i + 1]}) ${share}%, var(${stops[i]}))`;
}

/** p in 0…1 on the sequential scale. */
export const sequential = (p: number): string => mix(SEQUENTIAL, p);

/** x on the diverging scale, symmetric about 0 and saturated at ±max. */
export const diverging = (x: number, max: number): string => mix(DIVERGING, divergingPosition(x, max));

export const divergingPosition = (x: number, max: number): number => (max > 0 ? 0.5 + x / (2 * max) : 0.5);

/** 256 resolved colours of a scale. */
export type Ramp = readonly Rgb[];

/** Linear-light interpolation between resolved stops; stops are sRGB bytes. */
export function ramp(stops: readonly Rgb[], size = 256): Ramp {
  const out: Rgb[] = [];
  for (let k = 0; k < size; k += 1) {
    const at = (k / (size - 1)) * (stops.length - 1);
    const i = Math.min(stops.length - 2, Math.floor(at));
    out.push(mixOklab(stops[i] as Rgb, stops[i + 1] as Rgb, at - i));
  }
  return out;
}

export const rampAt = (r: Ramp, t: number): Rgb => r[Math.round(clamp01(t) * (r.length - 1))] as Rgb;

const toLinear = (byte: number): number => {
  const c = byte / 255;
  return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
};
const toByte = (linear: number): number => {
  const c = linear <= 0.0031308 ? 12.92 * linear : 1.055 * Math.max(0, linear) ** (1 / 2.4) - 0.055;
  return Math.round(255 * clamp01(c));
};

// Björn Ottosson, "A perceptual color space for image processing" (2020): sRGB ↔ OKLab matrices.
function toOklab([r, g, b]: Rgb): [number, number, number] {
  const [R, G, B] = [toLinear(r), toLinear(g), toLinear(b)];
  const l = Math.cbrt(0.4122214708 * R + 0.5363325363 * G + 0.0514459929 * B);
  const m = Math.cbrt(0.2119034982 * R + 0.6806995451 * G + 0.1073969566 * B);
  const s = Math.cbrt(0.0883024619 * R + 0.2817188376 * G + 0.6299787005 * B);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function fromOklab([L, a, b]: readonly [number, number, number]): Rgb {
  const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (L - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    toByte(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    toByte(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    toByte(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

export function mixOklab(a: Rgb, b: Rgb, t: number): Rgb {
  const [x, y] = [toOklab(a), toOklab(b)];
  return fromOklab([0, 1, 2].map((i) => (x[i] as number) * (1 - t) + (y[i] as number) * t) as [number, number, number]);
}

/** WCAG 2.2 relative luminance. */
export function luminance([r, g, b]: Rgb): number {
  return 0.2126 * toLinear(r) + 0.7152 * toLinear(g) + 0.0722 * toLinear(b);
}

export function contrast(a: Rgb, b: Rgb): number {
  const [hi, lo] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (hi + 0.05) / (lo + 0.05);
}

/** Black or white, whichever is read better on `ground`. */
export function inkOn(ground: Rgb): '#000000' | '#ffffff' {
  return contrast(ground, [0, 0, 0]) >= contrast(ground, [255, 255, 255]) ? '#000000' : '#ffffff';
}

export const rgbCss = ([r, g, b]: Rgb): string => `rgb(${r} ${g} ${b})`;

export const colour = { sequential, diverging, inkOn, contrast };
