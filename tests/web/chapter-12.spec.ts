// Chapter 12 in a browser: the autopsy and the race are computed live, gates close under a price and a stopped run
// goes on, the address keeps the state.
import { expect, test, type Locator } from '@playwright/test';
import { figure, stat, testFigures } from './figures';
import { watch } from './site';

const CHAPTER = '12-pruning/';
const FIGURES = ['head-autopsy', 'removal-race', 'weight-diet', 'slice-bench', 'head-gates'] as const;

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

test('mask, zeros and knife answer alike in the page; only the knife takes weights away', async ({ page }) => {
  test.setTimeout(120_000);
  await page.goto(`${CHAPTER}?w-slice-bench.batch=1&w-slice-bench.gone=6`);
  const bench = await figure(page, 'slice-bench');
  await expect(bench).toHaveAttribute('data-badge', 'live', { timeout: 60_000 });
  const weights = async (row: string): Promise<number> => Number((await bench.locator('tbody tr', { hasText: row }).locator('td').first().innerText()).replace(/\D/g, ''));
  await expect.poll(() => weights('вырезано')).toBe(72704 - 2 * 6 * 4 * 64 * 16);
  expect(await weights('маска на выход')).toBe(72704);
  expect(Number((await stat(bench, 'ответы трёх способов').innerText()).replace(',', '.'))).toBeLessThan(1e-3);
});

testFigures(CHAPTER, FIGURES);
