// Which heads are on: pure rules of the head grid, and its drawing for export.
import { escapeXml } from './export';
import { fixed } from './fmt';
import type { MatrixScale } from './matrix';

export interface Head {
  layer: number;
  head: number;
}

const same = (a: Head, b: Head): boolean => a.layer === b.layer && a.head === b.head;

/** The heads that are off after switching `head`, or null when that would leave none on. */
export function toggleHead(off: readonly Head[], head: Head, total: number, keepOne: boolean): Head[] | null {
  if (off.some((h) => same(h, head))) return off.filter((h) => !same(h, head));
  return keepOne && off.length + 1 >= total ? null : [...off, head];
}

/** Everything off but `head`; all on again when it was already alone. */
export function soloHead(off: readonly Head[], head: Head, layers: number, heads: number): Head[] {
  const others = Array.from({ length: layers * heads }, (_, i) => ({ layer: Math.floor(i / heads), head: i % heads })).filter((h) => !same(h, head));
  const alone = off.length === others.length && !off.some((h) => same(h, head));
  return alone ? [] : others;
}

export function headSvg(o: { layers: number; heads: number; values: number[]; off: readonly Head[]; label: string; scale: MatrixScale; root: HTMLElement }): string {
  const SIDE = 56;
  const [left, top] = [64, 48];
  const [width, height] = [left + o.heads * SIDE + 12, top + o.layers * SIDE + 12];
  const page = getComputedStyle(o.root);
  const out = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" fill="${page.color}"><title>${escapeXml(o.label)}</title>`,
    `<rect width="100%" height="100%" fill="${page.getPropertyValue('--kit-paper') || '#fff'}"/>`,
    `<text x="8" y="18" font-weight="600">${escapeXml(o.label)} (${fixed(o.scale.lo)}…${fixed(o.scale.hi)})</text>`,
  ];
  for (let h = 0; h < o.heads; h += 1) out.push(`<text x="${left + (h + 0.5) * SIDE}" y="${top - 6}" text-anchor="middle">${h}</text>`);
  for (let l = 0; l < o.layers; l += 1) {
    out.push(`<text x="8" y="${top + (l + 0.5) * SIDE + 4}">слой ${l}</text>`);
    for (let h = 0; h < o.heads; h += 1) {
      const cell = o.root.querySelector<HTMLElement>(`[data-at="${l}-${h}"]`);
      const style = cell ? getComputedStyle(cell) : page;
      const off = o.off.some((x) => same(x, { layer: l, head: h }));
      const [x, y] = [left + h * SIDE, top + l * SIDE];
      out.push(`<rect x="${x}" y="${y}" width="${SIDE - 4}" height="${SIDE - 4}" fill="${style.backgroundColor}" stroke="${page.color}" stroke-width=".5"/>`);
      out.push(`<text x="${x + SIDE / 2 - 2}" y="${y + SIDE / 2 + 2}" text-anchor="middle" fill="${style.color}">${fixed(o.values[l * o.heads + h] as number)}</text>`);
      if (off) out.push(`<path d="M${x} ${y + SIDE - 4}L${x + SIDE - 4} ${y}" stroke="${page.color}"/>`);
    }
  }
  return [...out, '</svg>'].join('\n');
}
