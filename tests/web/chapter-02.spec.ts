// Chapter 2 in a browser: a layer is trained and says who looks where; one map for all heads is measured; the ways are told apart.
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test, type Locator, type Page } from '@playwright/test';
import { expectNoSideScroll, expectNoViolations, watch } from './site';

const CHAPTER = '02-many-heads/';
const FIGURES = ['six-bits', 'one-map', 'instead-of-heads'] as const;

async function figure(page: Page, id: string): Promise<Locator> {
  const widget = page.locator(`#${id}`);
  await widget.scrollIntoViewIfNeeded();
  await expect(page.locator('astro-island[ssr]', { has: widget })).toHaveCount(0); // hydrated
  return widget;
}
const stat = (widget: Locator, label: string): Locator => widget.locator('.stat', { hasText: label }).locator('.value').first();
const number = async (value: Locator): Promise<number> => Number((await value.innerText()).replace(',', '.').replace(/[^\d.].*$/, ''));

test('two heads learn to gather from two places, and each has its own', async ({ page }) => {
  test.setTimeout(300_000);
  const seen = watch(page);
  await page.goto(`${CHAPTER}?w-six-bits.m=2&w-six-bits.h=2`);
  const six = await figure(page, 'six-bits');
  await six.getByRole('button', { name: 'Обучить такой слой' }).click();
  await expect(six.locator('[data-run]')).toHaveAttribute('data-run', 'done', { timeout: 240_000 });
  expect(await number(stat(six, 'точность, сейчас'))).toBeGreaterThan(0.97);
  await expect(six).toContainText('Слой, который вы сейчас обучили', { timeout: 30_000 });
  await expect(six.locator('.who').getByRole('row')).toHaveCount(3); // the head of the table and two heads
  await expect(six).toHaveAttribute('data-badge', 'live');
  expect(seen).toEqual({ errors: [], foreign: [] });
});

test('the lower layer needs its maps, the upper does not; the choice stays in the address', async ({ page }) => {
  await page.goto(CHAPTER);
  const one = await figure(page, 'one-map');
  await expect(one).toHaveAttribute('data-badge', 'live', { timeout: 60_000 });
  expect(await number(stat(one, 'точность на повторе'))).toBeLessThan(70);
  await one.getByRole('radio', { name: 'верхний' }).check({ force: true });
  await expect.poll(() => new URL(page.url()).searchParams.get('w-one-map.layer')).toBe('1');
  expect(await number(stat(one, 'точность на повторе'))).toBeGreaterThan(95);
  await page.reload();
  expect(await number(stat(await figure(page, 'one-map'), 'точность на повторе'))).toBeGreaterThan(95);
});

test('every way shows what it costs', async ({ page }) => {
  await page.goto(`${CHAPTER}?w-instead-of-heads.way=wide`);
  const ways = await figure(page, 'instead-of-heads');
  expect((await stat(ways, 'весов во внимании').innerText()).replace(/\D/g, '')).toBe('27648');
  await expect(stat(ways, 'распределений на место')).toContainText('1');
  expect(await number(stat(ways, 'точность, запись'))).toBeLessThan(0.5);
});

for (const theme of ['light', 'dark'] as const)
  test(`axe finds nothing in the figures, ${theme}`, async ({ browser }) => {
    const page = await (await browser.newContext({ colorScheme: theme, viewport: { width: 1280, height: 900 }, locale: 'ru-RU' })).newPage();
    await page.goto(CHAPTER);
    for (const id of FIGURES) await figure(page, id);
    const axe = FIGURES.reduce((builder, id) => builder.include(`#${id}`), new AxeBuilder({ page }));
    await expectNoViolations(axe);
    await page.context().close();
  });

test('a phone shows every figure without sideways scroll at 320 px', async ({ browser }) => {
  const page = await (await browser.newContext({ viewport: { width: 320, height: 640 }, hasTouch: true, locale: 'ru-RU' })).newPage();
  await page.goto(CHAPTER);
  for (const id of FIGURES) {
    await figure(page, id);
    await expectNoSideScroll(page);
  }
  await page.context().close();
});
