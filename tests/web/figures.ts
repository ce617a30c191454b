// What every chapter's figures are asked: to come alive, to satisfy axe in both themes, to fit a phone.
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test, type Locator, type Page } from '@playwright/test';
import { expectNoSideScroll, expectNoViolations } from './site';

/** The figure with this id, scrolled to and hydrated. */
export async function figure(page: Page, id: string): Promise<Locator> {
  const widget = page.locator(`#${id}`);
  await widget.scrollIntoViewIfNeeded();
  await expect(page.locator('astro-island[ssr]', { has: widget })).toHaveCount(0);
  return widget;
}
/** The printed value whose label contains these words. */
export const stat = (widget: Locator, label: string): Locator => widget.locator('.stat', { hasText: label }).locator('.value').first();
/** A printed value as a number: comma or point, a sign of any kind, a unit behind it. */
export const number = async (value: Locator): Promise<number> => Number((await value.innerText()).replace(/[−–]/, '-').replace('+', '').replace(',', '.').replace(/[^\d.-].*$/, ''));

/** The tests that are the same for all chapters, for the figures named. */
export function testFigures(chapter: string, figures: readonly string[]): void {
  for (const theme of ['light', 'dark'] as const)
    test(`axe finds nothing in the figures, ${theme}`, async ({ browser }) => {
      const page = await (await browser.newContext({ colorScheme: theme, viewport: { width: 1280, height: 900 }, locale: 'ru-RU' })).newPage();
      await page.goto(chapter);
      for (const id of figures) await figure(page, id);
      await expectNoViolations(figures.reduce((axe, id) => axe.include(`#${id}`), new AxeBuilder({ page })));
      await page.context().close();
    });

  test('a phone shows every figure, and every picture as a table, without sideways scroll at 320 px', async ({ browser }) => {
    const page = await (await browser.newContext({ viewport: { width: 320, height: 640 }, hasTouch: true, locale: 'ru-RU' })).newPage();
    await page.goto(chapter);
    const faults: string[] = [];
    page.on('pageerror', (e) => faults.push(e.message));
    for (const id of figures) {
      const widget = await figure(page, id);
      await expectNoSideScroll(page);
      // Every picture as its table, too.
      const asTable = widget.getByRole('button', { name: 'таблицей', exact: true });
      for (let left = await asTable.count(); left > 0; left -= 1) await asTable.first().click();
      await expectNoSideScroll(page);
    }
    expect(faults).toEqual([]);
    await page.context().close();
  });
}
