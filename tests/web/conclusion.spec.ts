// The conclusion in a browser: the table counts at the reader's sizes, gain and division are computed, a controller learns, heads keep names.
import { expect, test } from '@playwright/test';
import { figure, number, stat, testFigures } from './figures';
import { watch } from './site';

const PAGE = 'conclusion/';

test('the table counts at the sizes asked for, sorts and filters, and keeps them in the address', async ({ page }) => {
  const seen = watch(page);
  await page.goto(`${PAGE}?w-attention-kinds.log=17`);
  const kinds = await figure(page, 'attention-kinds');
  const rows = kinds.locator('tbody tr');
  await expect(rows).toHaveCount(19);
  await expect(rows.filter({ hasText: 'причинное, полное' })).toContainText('1,07 млрд');
  await kinds.getByRole('radio', { name: 'состояние' }).check();
  await expect(rows).toHaveCount(4);
  await kinds.getByRole('radio', { name: 'по «ещё один токен»' }).check();
  await expect(rows.first()).toContainText('1,05 млн');
  await expect.poll(() => new URL(page.url()).searchParams.get('w-attention-kinds.filter')).toBe('kernel');
  await expect(rows.locator('a').first()).toHaveAttribute('href', /17-alternatives|20-after/);
  expect(seen).toEqual({ errors: [], foreign: [] });
});

test('without scripts the table is there', async ({ browser }) => {
  const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
  await page.goto(PAGE);
  await expect(page.locator('#attention-kinds tbody tr')).toHaveCount(19);
  await page.context().close();
});

test('gain is felt by weak stimuli where there is a σ, and by none where everyone is gained', async ({ page }) => {
  await page.goto(`${PAGE}?w-gain-field.field=wide&w-gain-field.rival=0`);
  const gain = await figure(page, 'gain-field');
  await expect(gain).toHaveAttribute('data-badge', 'live', { timeout: 60_000 });
  const said = async (nth: number): Promise<number> => Number(/в ([\d,]+) раза/.exec(await gain.locator('.stat').nth(nth).innerText())![1]!.replace(',', '.'));
  await expect.poll(() => said(1), { timeout: 30_000 }).toBeGreaterThan(1.5);
  expect(await number(stat(gain, 'сумма ответов: softmax'))).toBe(1);
  expect(await said(0)).toBeLessThan(1.02);
  await gain.getByRole('slider', { name: 'Контраст' }).fill('6');
  await expect.poll(() => said(1), { timeout: 30_000 }).toBeLessThan(1.05);
});

test('a controller that sees its own row learns to follow the target', async ({ page }) => {
  test.setTimeout(180_000);
  await page.goto(`${PAGE}?w-own-gaze.wiring=mirror`);
  const gaze = await figure(page, 'own-gaze');
  await gaze.getByRole('button', { name: 'Обучить такого' }).click();
  await expect(gaze).toHaveAttribute('data-badge', 'live', { timeout: 60_000 });
  // Chance is one place in eight; half-way is enough for the test.
  await expect.poll(() => number(stat(gaze, 'место цели названо верно')), { timeout: 120_000 }).toBeGreaterThan(0.4);
  await gaze.getByRole('button', { name: 'Пауза' }).click();
  await gaze.getByRole('radio', { name: 'ничего не знает' }).check();
  await expect.poll(() => new URL(page.url()).searchParams.get('w-own-gaze.wiring')).toBe('none');
});

test('a role outlives its use', async ({ page }) => {
  test.setTimeout(120_000);
  await page.goto(`${PAGE}?w-role-chart.model=repeat-2l&w-role-chart.seed=3`);
  const chart = await figure(page, 'role-chart');
  await chart.getByRole('button', { name: 'Пересчитать' }).click();
  await expect(chart).toHaveAttribute('data-badge', 'live', { timeout: 90_000 });
  expect(await number(stat(chart, 'имя сохранили'))).toBe(6);
  await chart.getByRole('gridcell', { name: /Голова 1\.0, индукц\./ }).nth(1).click();
  await expect(chart.locator('.chosen')).toContainText('Голова 1.0');
});

testFigures(PAGE, ['attention-kinds', 'role-chart', 'gain-field', 'own-gaze']);
