// The palette resolved for canvases; re-read when the theme changes.
import { DIVERGING, ramp, SEQUENTIAL, type Ramp, type Rgb } from './colour';

export interface Theme {
  sequential: Ramp;
  diverging: Ramp;
  paper: Rgb;
  ink: Rgb;
  mask: Rgb;
  accent: Rgb;
}

// Used only where a page does not define the palette (and on the server, which draws nothing).
const FALLBACK: Record<string, string> = {
  '--seq-0': '#f7f4ec', '--seq-1': '#dfe6da', '--seq-2': '#b9d3c8', '--seq-3': '#86b6b3', '--seq-4': '#4f919b', '--seq-5': '#29677c', '--seq-6': '#143e57',
  '--div-neg-3': '#7a2f11', '--div-neg-2': '#c0693c', '--div-neg-1': '#e6bd9f', '--div-0': '#f5f2ec', '--div-pos-1': '#a9c8d8', '--div-pos-2': '#4a8bb0', '--div-pos-3': '#154a6e',
  '--mask': '#8a8678', '--accent': '#a3401f',
};

let current = $state.raw<Theme | null>(null);
let watching = false;

/** Reactive; null on the server and before the first read. Call in an effect or in markup. */
export function useTheme(): Theme | null {
  if (typeof document === 'undefined') return null;
  return current;
}

/** Starts watching; call from onMount or an effect. */
export function watchTheme(): void {
  if (watching) return;
  watching = true;
  const read = (): void => void (current = resolve(document.documentElement));
  read();
  new MutationObserver(read).observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme', 'class', 'style'] });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', read);
  matchMedia('(prefers-contrast: more)').addEventListener('change', read);
}

/** Any CSS colour to bytes, by letting a canvas parse it. */
function bytes(context: CanvasRenderingContext2D, css: string): Rgb {
  context.clearRect(0, 0, 1, 1);
  context.fillStyle = '#888';
  context.fillStyle = css;
  context.fillRect(0, 0, 1, 1);
  const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
  return [r as number, g as number, b as number];
}

export function resolve(root: HTMLElement): Theme {
  const style = getComputedStyle(root);
  const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D;
  const value = (name: string): string => style.getPropertyValue(name).trim() || FALLBACK[name] || '#888';
  const read = (name: string): Rgb => bytes(context, value(name));
  return {
    sequential: ramp(SEQUENTIAL.map(read)),
    diverging: ramp(DIVERGING.map(read)),
    paper: bytes(context, style.getPropertyValue('--paper').trim() || style.backgroundColor),
    ink: bytes(context, style.getPropertyValue('--ink').trim() || style.color),
    mask: read('--mask'),
    accent: read('--accent'),
  };
}
