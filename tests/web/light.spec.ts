// What plugins/lean*.mjs take out of a page must not be missed by its reader.
import { expect, test } from '@playwright/test';
import { chapters } from './site';

test('the faces arrive, with scripts and without', async ({ browser }) => {
  for (const javaScriptEnabled of [true, false]) {
    const context = await browser.newContext({ javaScriptEnabled, serviceWorkers: 'block' });
    const page = await context.newPage();
    await page.goto(chapters[0]!);
    await page.waitForLoadState('networkidle');
    const loaded = await page.evaluate(() => [...document.fonts].filter((f) => f.status === 'loaded').map((f) => f.family.replaceAll('"', '')));
    for (const family of ['Literata', 'Golos']) expect(loaded.filter((f) => f === family).length, `${family}, scripts ${javaScriptEnabled}`).toBeGreaterThan(1);
    await context.close();
  }
});

test('a listing copies its text and shows its colours in both themes', async ({ browser }) => {
  const colours = new Set<string>();
  for (const colorScheme of ['light', 'dark'] as const) {
    const context = await browser.newContext({ colorScheme, permissions: ['clipboard-read', 'clipboard-write'] });
    const page = await context.newPage();
    await page.goto(chapters.find((c) => c.startsWith('05-')) ?? chapters[0]!);
    const box = page.locator('.listing').filter({ has: page.locator('[data-language="python"]') }).first();
    await box.scrollIntoViewIfNeeded();
    colours.add(await box.locator('code span span').first().evaluate((e) => getComputedStyle(e).color));
    await box.hover();
    await box.getByRole('button', { name: 'Копировать' }).click();
    await expect(box.getByRole('status')).toHaveText('Скопировано');
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied).toMatch(/^(def|import|from|#)/);
    expect(copied).toMatch(/\n {4}\S/); // indented as it is shown
    await context.close();
  }
  expect(colours.size).toBe(2);
});

test('what a first visit shows stays in its place when the faces come', async ({ browser }) => {
  test.setTimeout(120_000);
  const context = await browser.newContext({ viewport: { width: 412, height: 823 }, serviceWorkers: 'block' });
  await context.route(/\.woff2$/, async (route) => { await new Promise((r) => setTimeout(r, 200)); await route.continue(); });
  await context.addInitScript(() => {
    const told = window as unknown as { shift: number };
    told.shift = 0;
    new PerformanceObserver((list) => { for (const e of list.getEntries() as (PerformanceEntry & { value: number })[]) told.shift += e.value; }).observe({ type: 'layout-shift', buffered: true });
  });
  const moved: string[] = [];
  for (const chapter of chapters) {
    const page = await context.newPage();
    await page.goto(chapter);
    await page.waitForFunction(() => !('faces' in document.documentElement.dataset));
    expect(await page.evaluate(() => document.fonts.check('italic 1em Literata', 'я'))).toBe(true);
    await page.waitForTimeout(500);
    const shift = await page.evaluate(() => (window as unknown as { shift: number }).shift);
    if (shift > 0.02) moved.push(`${chapter} ${shift.toFixed(3)}`); // the bar of bench/lighthouse.mjs as well
    await page.close();
  }
  expect(moved).toEqual([]);
  await context.close();
});
