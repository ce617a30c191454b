// Chapter 8 in a real browser: the scanner, the lesions and the weights compute live; a task trains to the end.
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test, type Locator, type Page } from '@playwright/test';
import { expectNoSideScroll, expectNoViolations, watch } from './site';

const page8 = '08-roles/';
const LIVE = ['head-scanner', 'role-weights', 'lesions'] as const;
const FIGURES = [...LIVE, 'four-tasks'] as const;

async function live(page: Page, id: string): Promise<Locator> {
  const figure = page.locator(`#${id}`);
  await figure.scrollIntoViewIfNeeded();
  await expect(figure).toHaveAttribute('data-badge', 'live', { timeout: 30_000 });
  await expect(figure.locator('.figure').first()).toHaveAttribute('aria-busy', 'false', { timeout: 20_000 });
  return figure;
}
const number = (text: string | null): number => Number((text ?? '').replace('−', '-').replace(',', '.').replace(/[^\d.e+-]/g, ''));
const stat = async (figure: Locator, label: string): Promise<number> => number(await figure.locator('.stat', { hasText: label }).locator('.value').first().textContent());

test('the figures go live without errors or foreign requests', async ({ page }) => {
  const seen = watch(page);
  await page.goto(page8);
  for (const id of LIVE) await live(page, id);
  expect(seen).toEqual({ errors: [], foreign: [] });
});

test('figures show their recordings before any script runs', async ({ browser }) => {
  const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
  await page.goto(page8);
  for (const id of FIGURES) await expect(page.locator(`#${id}`)).toHaveAttribute('data-badge', 'recording');
  await expect(page.locator('#lesions .verdict')).toContainText('не складываются');
  await page.context().close();
});

test('the scanner finds four induction heads, and other thresholds find other numbers', async ({ page }) => {
  await page.goto(page8);
  const figure = await live(page, 'head-scanner');
  expect(await stat(figure, 'голов выше порога')).toBe(4);
  expect(await stat(figure, 'лучшая голова 1.')).toBeGreaterThan(0.85);
  await page.goto(`${page8}?w-head-scanner.threshold=0.95`);
  await expect((await live(page, 'head-scanner')).locator('.verdict')).toContainText('не нашлась ни одна');
});

test('the weights copy after training and not before', async ({ page }) => {
  await page.goto(page8);
  const figure = await live(page, 'role-weights');
  await expect(figure.locator('.verdict')).toHaveAttribute('data-verdict', 'holds');
  await figure.getByText('до обучения', { exact: true }).click();
  await expect(figure.locator('.verdict')).toContainText('не копируют');
  expect(Math.abs(await stat(figure, 'наименьшее копирование'))).toBeLessThan(0.9);
});

test('damages do not add up, whichever way the heads are taken out', async ({ page }) => {
  await page.goto(page8);
  const figure = await live(page, 'lesions');
  for (const how of ['нулём', 'средним', 'чужим']) {
    await figure.getByText(how, { exact: true }).click();
    await expect(figure.locator('.figure').first()).toHaveAttribute('aria-busy', 'false', { timeout: 20_000 });
    await expect(figure.locator('.verdict')).toHaveAttribute('data-verdict', 'holds');
  }
});

test('a task trains in the page, and its verdict comes from the run', async ({ page }) => {
  await page.goto(page8);
  const figure = page.locator('#four-tasks');
  await figure.scrollIntoViewIfNeeded();
  await figure.getByRole('button', { name: 'Обучить' }).click();
  await expect(figure.locator('.train')).toHaveAttribute('data-run', 'done', { timeout: 60_000 });
  await expect(figure).toHaveAttribute('data-badge', 'live');
  await expect(figure.locator('.verdict')).toHaveAttribute('data-verdict', 'holds', { timeout: 10_000 });
  expect(await stat(figure, 'точность')).toBeGreaterThan(0.95);
});

for (const theme of ['light', 'dark'] as const)
  test(`axe finds nothing in the figures, ${theme}`, async ({ browser }) => {
    const page = await (await browser.newContext({ colorScheme: theme, viewport: { width: 1280, height: 900 }, locale: 'ru-RU' })).newPage();
    await page.goto(page8);
    for (const id of LIVE) await live(page, id);
    const axe = FIGURES.reduce((builder, id) => builder.include(`#${id}`), new AxeBuilder({ page }));
    await expectNoViolations(axe);
    await page.context().close();
  });

test('a phone shows every figure without sideways scroll at 320 px', async ({ browser }) => {
  const page = await (await browser.newContext({ viewport: { width: 320, height: 640 }, hasTouch: true, locale: 'ru-RU' })).newPage();
  await page.goto(page8);
  for (const id of FIGURES) {
    await page.locator(`#${id}`).scrollIntoViewIfNeeded();
    await expectNoSideScroll(page);
  }
  await page.context().close();
});
