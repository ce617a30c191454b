// Files a reader can take away: CSV, SVG, PNG. Nothing leaves the browser.

export interface Exporter {
  /** Part of the file name; Latin, without extension. */
  name: string;
  /** A complete SVG document. */
  svg?: () => string;
  csv?: () => string;
}

/** RFC 4180 with a byte order mark, so that spreadsheets read Cyrillic as UTF-8. */
export function csv(rows: readonly (readonly (string | number)[])[]): string {
  const field = (v: string | number): string => {
    const text = typeof v === 'number' ? String(v) : v;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return '﻿' + rows.map((row) => row.map(field).join(',')).join('\r\n') + '\r\n';
}

export const escapeXml = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] as string);

const PAINT = ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'stroke-opacity', 'fill-opacity', 'opacity', 'font-family', 'font-size', 'font-weight', 'text-anchor', 'dominant-baseline', 'paint-order', 'stroke-linejoin', 'stroke-linecap'];

/** A drawn SVG element as a document of its own: computed paint is written into the elements. */
export function serializeSvg(svg: SVGSVGElement, background = pageBackground()): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const from = [svg, ...svg.querySelectorAll<SVGElement>('*')];
  const to = [copy, ...copy.querySelectorAll<SVGElement>('*')];
  from.forEach((node, i) => {
    const style = getComputedStyle(node);
    const target = to[i] as SVGElement;
    for (const name of PAINT) target.setAttribute(name, style.getPropertyValue(name));
    for (const name of ['class', 'style', 'tabindex']) target.removeAttribute(name);
  });
  copy.querySelectorAll('[data-export="no"]').forEach((n) => n.remove());
  const { width, height } = svg.getBoundingClientRect();
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('width', String(Math.round(width)));
  copy.setAttribute('height', String(Math.round(height)));
  if (!copy.hasAttribute('viewBox')) copy.setAttribute('viewBox', `0 0 ${Math.round(width)} ${Math.round(height)}`);
  const ground = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  for (const [k, v] of [['width', '100%'], ['height', '100%'], ['fill', background]] as const) ground.setAttribute(k, v);
  copy.prepend(ground);
  return new XMLSerializer().serializeToString(copy);
}

export function pageBackground(): string {
  const own = getComputedStyle(document.body).backgroundColor;
  return own === 'rgba(0, 0, 0, 0)' || own === 'transparent' ? getComputedStyle(document.documentElement).backgroundColor : own;
}

/** Draws an SVG document onto a canvas at `scale` device pixels per unit. */
export async function svgToPng(svg: string, scale = 2): Promise<Blob> {
  const url = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = Math.max(1, Math.round(image.naturalWidth * scale));
    canvas.height = Math.max(1, Math.round(image.naturalHeight * scale));
    (canvas.getContext('2d') as CanvasRenderingContext2D).drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/png'));
    if (!blob) throw new Error('Браузер не смог сохранить рисунок в PNG.');
    return blob;
  } finally {
    URL.revokeObjectURL(url);
  }
}

export function download(name: string, content: Blob | string, type = 'text/plain'): void {
  const blob = typeof content === 'string' ? new Blob([content], { type: `${type};charset=utf-8` }) : content;
  const url = URL.createObjectURL(blob);
  const a = document.createElement('a');
  a.href = url;
  a.download = name;
  document.body.append(a);
  a.click();
  a.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export async function saveAs(exporter: Exporter, format: 'svg' | 'png' | 'csv', prefix: string): Promise<void> {
  const name = exporter.name.startsWith(prefix) ? exporter.name : [prefix, exporter.name].filter(Boolean).join('-');
  if (format === 'csv' && exporter.csv) download(`${name}.csv`, exporter.csv(), 'text/csv');
  else if (format === 'svg' && exporter.svg) download(`${name}.svg`, exporter.svg(), 'image/svg+xml');
  else if (format === 'png' && exporter.svg) download(`${name}.png`, await svgToPng(exporter.svg()));
}
