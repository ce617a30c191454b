// Painting of a matrix: on a canvas for the page, as an SVG document for export.
import { inkOn, rampAt, rgbCss, type Rgb, type ScaleKind } from './colour';
import { escapeXml } from './export';
import { fixed } from './fmt';
import { cellText, type MatrixScale } from './matrix';
import type { Theme } from './theme.svelte';

export interface MatrixPicture {
  /** Side of a cell, CSS px. */
  cell: number;
  data: ArrayLike<number>; // [rows × cols], row-major
  rows: number;
  cols: number;
  kind: ScaleKind;
  scale: MatrixScale;
  masked: (row: number, col: number) => boolean;
  theme: Theme;
}

export function cellColour(p: Pick<MatrixPicture, 'kind' | 'scale' | 'theme'>, value: number): Rgb {
  return rampAt(p.kind === 'probability' ? p.theme.sequential : p.theme.diverging, p.scale.at(value));
}

/** Cells only, without labels, with the cell block's corner at (0, 0). */
export function paintCells(context: CanvasRenderingContext2D, p: MatrixPicture, dpr: number, font: string): void {
  const { cell } = p;
  const [width, height] = [p.cols * cell, p.rows * cell];
  context.setTransform(dpr, 0, 0, dpr, 0, 0);
  context.clearRect(0, 0, width, height);
  context.imageSmoothingEnabled = false;
  context.drawImage(tiny(p), 0, 0, width, height);
  hatch(context, p);
  if (cell >= 14) gridLines(context, p);
  if (cell >= NUMBERS_FROM) numbers(context, p, font);
}

/** One device pixel per cell; scaled up without smoothing. */
function tiny(p: MatrixPicture): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, p.cols);
  canvas.height = Math.max(1, p.rows);
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  const image = context.createImageData(canvas.width, canvas.height);
  for (let i = 0; i < p.rows * p.cols; i += 1) {
    const masked = p.masked(Math.floor(i / p.cols), i % p.cols);
    const [r, g, b] = masked ? p.theme.paper : cellColour(p, p.data[i] as number);
    image.data.set([r, g, b, 255], 4 * i);
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

function hatch(context: CanvasRenderingContext2D, p: MatrixPicture): void {
  const { cell } = p;
  context.save();
  context.beginPath();
  let any = false;
  for (let r = 0; r < p.rows; r += 1) {
    for (let c = 0; c < p.cols; c += 1) {
      if (!p.masked(r, c)) continue;
      context.rect(c * cell, r * cell, cell, cell);
      any = true;
    }
  }
  if (any) {
    context.clip();
    context.strokeStyle = rgbCss(p.theme.mask);
    context.globalAlpha = 0.45;
    context.lineWidth = 1;
    context.beginPath();
    const [w, h] = [p.cols * cell, p.rows * cell];
    for (let x = -h; x < w; x += 6) {
      context.moveTo(x, h);
      context.lineTo(x + h, 0);
    }
    context.stroke();
  }
  context.restore();
}

function gridLines(context: CanvasRenderingContext2D, p: MatrixPicture): void {
  const { cell } = p;
  context.strokeStyle = rgbCss(p.theme.paper);
  context.lineWidth = cell >= 24 ? 1 : 0.5;
  context.beginPath();
  for (let r = 1; r < p.rows; r += 1) {
    context.moveTo(0, r * cell);
    context.lineTo(p.cols * cell, r * cell);
  }
  for (let c = 1; c < p.cols; c += 1) {
    context.moveTo(c * cell, 0);
    context.lineTo(c * cell, p.rows * cell);
  }
  context.stroke();
}

function numbers(context: CanvasRenderingContext2D, p: MatrixPicture, font: string): void {
  const { cell } = p;
  context.font = `${fontSize(cell)}px ${font}`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  for (let r = 0; r < p.rows; r += 1) {
    for (let c = 0; c < p.cols; c += 1) {
      if (p.masked(r, c)) continue;
      const value = p.data[r * p.cols + c] as number;
      context.fillStyle = inkOn(cellColour(p, value));
      context.fillText(cellText(value, p.scale, cell), (c + 0.5) * cell, (r + 0.5) * cell + 0.5);
    }
  }
}

export const fontSize = (cell: number): number => Math.max(9.5, Math.min(13, cell * 0.34));
/** Cells of this size and more carry their number. */
export const NUMBERS_FROM = 28;

/** The matrix with its labels, hatching and colour bar as a document of its own. */
export function matrixSvg(p: MatrixPicture, labels: { rows: string[]; cols: string[]; title: string; rowAxis: string; colAxis: string }): string {
  const cell = Math.max(p.cell, 14);
  const left = Math.max(30, 14 + 9 * Math.max(0, ...labels.rows.map((l) => l.length)));
  const top = 58;
  const [w, h] = [p.cols * cell, p.rows * cell];
  const [width, height] = [left + Math.max(w, 220) + 12, top + h + 48];
  const ink = rgbCss(p.theme.ink);
  const text = (x: number, y: number, s: string, extra = ''): string =>
    `<text x="${x}" y="${y}" fill="${ink}" font-family="sans-serif" font-size="12" ${extra}>${escapeXml(s)}</text>`;
  const out: string[] = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img"><title>${escapeXml(labels.title)}</title>`,
    `<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0 0V6" stroke="${rgbCss(p.theme.mask)}" stroke-opacity=".6"/></pattern></defs>`,
    `<rect width="100%" height="100%" fill="${rgbCss(p.theme.paper)}"/>`,
    text(8, 18, labels.title, 'font-weight="600"'),
    text(left, 36, `${labels.colAxis} →`, 'fill-opacity=".75"'),
  ];
  labels.cols.forEach((l, c) => out.push(text(left + (c + 0.5) * cell, top - 6, l, 'text-anchor="middle"')));
  labels.rows.forEach((l, r) => out.push(text(left - 6, top + (r + 0.5) * cell + 4, l, 'text-anchor="end"')));
  for (let r = 0; r < p.rows; r += 1) {
    for (let c = 0; c < p.cols; c += 1) out.push(svgCell(p, r, c, left + c * cell, top + r * cell, cell));
  }
  out.push(svgBar(p, left, top + h + 14, ink), '</svg>');
  return out.join('\n');
}

function svgCell(p: MatrixPicture, r: number, c: number, x: number, y: number, cell: number): string {
  if (p.masked(r, c)) return `<rect x="${x}" y="${y}" width="${cell}" height="${cell}" fill="url(#hatch)"/>`;
  const value = p.data[r * p.cols + c] as number;
  const ground = cellColour(p, value);
  const rect = `<rect x="${x}" y="${y}" width="${cell}" height="${cell}" fill="${rgbCss(ground)}" stroke="${rgbCss(p.theme.paper)}" stroke-width=".5"/>`;
  if (cell < NUMBERS_FROM) return rect;
  return `${rect}<text x="${x + cell / 2}" y="${y + cell / 2 + 4}" text-anchor="middle" font-family="sans-serif" font-size="${fontSize(cell)}" fill="${inkOn(ground)}">${cellText(value, p.scale, cell)}</text>`;
}

function svgBar(p: MatrixPicture, x: number, y: number, ink: string): string {
  const stops = Array.from({ length: 9 }, (_, i) => {
    const ramp = p.kind === 'probability' ? p.theme.sequential : p.theme.diverging;
    return `<stop offset="${i / 8}" stop-color="${rgbCss(rampAt(ramp, i / 8))}"/>`;
  });
  const label = (at: number, anchor: string, s: string): string =>
    `<text x="${at}" y="${y + 24}" font-family="sans-serif" font-size="11" fill="${ink}" text-anchor="${anchor}">${s}</text>`;
  return [
    `<defs><linearGradient id="bar">${stops.join('')}</linearGradient></defs>`,
    `<rect x="${x}" y="${y}" width="160" height="10" fill="url(#bar)"/>`,
    label(x, 'start', fixed(p.scale.lo, p.kind === 'probability' ? 0 : 2)),
    label(x + 160, 'end', fixed(p.scale.hi, p.kind === 'probability' ? 0 : 2)),
  ].join('');
}
