// Chapter 12 in a browser: the autopsy and the race are computed live, gates close under a price and a stopped run
// goes on, the address keeps the state.
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test, type Locator, type Page } from '@playwright/test';
import { expectNoSideScroll, expectNoViolations, watch } from './site';

const CHAPTER = '12-pruning/';
const FIGURES = ['head-autopsy', 'removal-race', 'weight-diet', 'head-gates'] as const;

async function figure(page: Page, id: string): Promise<Locator> {
  const widget = page.locator(`#${id}`);
  await widget.scrollIntoViewIfNeeded();
  await expect(page.locator('astro-island[ssr]', { has: widget })).toHaveCount(0); // hydrated
  return widget;
}
const stat = (widget: Locator, label: string): Locator => widget.locator('.stat', { hasText: label }).locator('.value').first();
const count = async (widget: Locator, label: string): Promise<number> => Number((await stat(widget, label).innerText()).trim());

test('a higher price buries more heads, and the three verdicts always make sixteen', async ({ page }) => {
  test.setTimeout(120_000);
  const seen = watch(page);
  await page.goto(CHAPTER);
  const autopsy = await figure(page, 'head-autopsy');
  await expect(autopsy).toHaveAttribute('data-badge', 'live', { timeout: 60_000 });
  const alive = await count(autopsy, 'несут');
  expect(alive + (await count(autopsy, 'дублёры')) + (await count(autopsy, 'лишние'))).toBe(16);
  await expect(autopsy.locator('tbody tr')).toHaveCount(16);
  await autopsy.getByLabel('Цена, ниже которой').fill('-0.2');
  await expect.poll(() => count(autopsy, 'несут')).toBeLessThan(alive);
  expect((await count(autopsy, 'несут')) + (await count(autopsy, 'дублёры')) + (await count(autopsy, 'лишние'))).toBe(16);
  expect(seen).toEqual({ errors: [], foreign: [] });
});

test('the order is computed live and kept in the address', async ({ page }) => {
  test.setTimeout(120_000);
  await page.goto(`${CHAPTER}?w-removal-race.order=exact&w-removal-race.k=4`);
  const race = await figure(page, 'removal-race');
  await expect(race).toHaveAttribute('data-badge', 'live', { timeout: 60_000 });
  const four = Number((await stat(race, 'точность без 4 голов').innerText()).replace(',', '.'));
  await race.getByRole('slider', { name: 'Снято голов, k', exact: true }).fill('16');
  const none = Number((await stat(race, 'точность без 16 голов').innerText()).replace(',', '.'));
  expect(four).toBeGreaterThan(0.5);
  expect(none).toBeLessThan(0.1); // no head, no repeat
  await expect.poll(() => new URL(page.url()).searchParams.get('w-removal-race.k')).toBe('16');
  await page.reload();
  await expect(stat(await figure(page, 'removal-race'), 'точность без 16 голов')).toBeVisible();
});

test('gates close under a price, stop, and go on from where they stopped', async ({ page }) => {
  test.setTimeout(180_000);
  await page.goto(`${CHAPTER}?w-head-gates.price=0.3`);
  const gates = await figure(page, 'head-gates');
  await gates.getByRole('button', { name: 'Назначить цену' }).click();
  const bar = gates.getByRole('progressbar');
  const step = async (): Promise<number> => Number(await bar.getAttribute('aria-valuenow'));
  await expect.poll(step, { timeout: 90_000 }).toBeGreaterThanOrEqual(20);
  await gates.getByRole('button', { name: 'Пауза' }).click();
  await expect(gates.locator('[data-run]')).toHaveAttribute('data-run', 'paused');
  const stopped = await step();
  await gates.getByRole('button', { name: 'Дальше' }).click();
  await expect.poll(step, { timeout: 90_000 }).toBeGreaterThan(stopped);
});

for (const theme of ['light', 'dark'] as const)
  test(`axe finds nothing in the figures, ${theme}`, async ({ browser }) => {
    test.setTimeout(90_000);
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
