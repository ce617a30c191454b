// What the browser tests share: the list of built pages, and a page that notes everything it should not do.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

export const dist = fileURLToPath(new URL('../../web/dist/', import.meta.url));

/** Addresses of all built pages, relative to the base: '', '01-head/', 'about/' … */
export const pages = fs.existsSync(dist)
  ? (fs.readdirSync(dist, { recursive: true }) as string[]).filter((f) => f.endsWith('index.html')).map((f) => f.slice(0, -'index.html'.length)).sort()
  : [];
export const chapters = pages.filter((p) => /^\d\d-|^conclusion/.test(p));

export interface Watch { errors: string[]; foreign: string[] }
/** Collects console errors, uncaught exceptions and requests that leave the site. */
export function watch(page: Page): Watch {
  const seen: Watch = { errors: [], foreign: [] };
  page.on('console', (m) => { if (m.type() === 'error') seen.errors.push(m.text()); });
  page.on('pageerror', (e) => seen.errors.push(e.message));
  page.on('request', (r) => { if (!/^(data|blob):/.test(r.url()) && new URL(r.url()).hostname !== '127.0.0.1') seen.foreign.push(r.url()); });
  return seen;
}

/** Lays out all of a chapter at once; otherwise what is far from the screen waits for the reader (styles/book.css). */
export const unfold = (page: Page): Promise<unknown> => page.addStyleTag({ content: '.prose > *, .prose > astro-island > * { content-visibility: visible !important }' });

export async function expectNoSideScroll(page: Page): Promise<void> {
  const wide = await page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const culprits = [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > width + 1 && !e.closest('[class*="scroll"], .katex-display, pre')).slice(0, 5);
    return { extra: document.documentElement.scrollWidth - width, culprits: culprits.map((e) => `${e.tagName}.${e.className}`) };
  });
  expect(wide.extra, wide.culprits.join(', ')).toBeLessThanOrEqual(0);
}
/** Axe with every rule the course keeps; what it finds is named by rule and place. */
export async function expectNoViolations(axe: AxeBuilder): Promise<void> {
  const { violations } = await axe.withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze();
  expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).slice(0, 4).join(' | ')}`)).toEqual([]);
}
export const filePath = (page: string): string => path.join(dist, page, 'index.html');
