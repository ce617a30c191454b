// Chapter 18 in a browser: the edge is trained at, the lottery is drawn again, the gradient of every layer is taken.
import { expect, test } from '@playwright/test';
import { figure, number, stat, testFigures } from './figures';
import { watch } from './site';

const CHAPTER = '18-training/';
const FIGURES = ['rate-edge', 'gradient-lottery', 'norm-place'] as const;

test('beyond the edge a bare model does not learn, and its softmax lets nothing back', async ({ page }) => {
  test.setTimeout(240_000);
  const seen = watch(page);
  await page.goto(`${CHAPTER}?w-rate-edge.remedy=bare&w-rate-edge.rate=0.128`);
  const edge = await figure(page, 'rate-edge');
  await edge.getByRole('button', { name: 'Обучить с таким шагом' }).click();
  await expect(edge).toHaveAttribute('data-badge', 'live', { timeout: 60_000 });
  await expect(edge.locator('[data-run]')).toHaveAttribute('data-run', 'done', { timeout: 180_000 });
  expect(await number(stat(edge, 'потери, сейчас'))).toBeGreaterThan(2); // guessing costs ln 16 = 2.77
  const passes = edge.getByRole('img', { name: /Сколько градиента пропускает softmax/ });
  await expect(passes).toHaveAttribute('aria-label', /сейчас: от 0\.3\d* до 0\.0\d/, { timeout: 30_000 });
  expect(seen).toEqual({ errors: [], foreign: [] });
});

test('without the scale a tenth of the rows takes most of the gradient, and the address remembers the width', async ({ page }) => {
  await page.goto(CHAPTER);
  const lottery = await figure(page, 'gradient-lottery');
  await expect(lottery).toHaveAttribute('data-badge', 'live', { timeout: 60_000 });
  const wide = await number(stat(lottery, 'у десятой части строк'));
  expect(wide).toBeGreaterThan(70);
  await lottery.getByRole('radio', { name: '4', exact: true }).check();
  await expect.poll(() => number(stat(lottery, 'у десятой части строк'))).toBeLessThan(55);
  await expect.poll(() => new URL(page.url()).searchParams.get('w-gradient-lottery.d')).toBe('4');
  await page.reload();
  await expect((await figure(page, 'gradient-lottery')).getByRole('radio', { name: '4', exact: true })).toBeChecked();
});

test('the gradient of every layer is taken in the page, and post-norm starves queries and keys', async ({ page }) => {
  test.setTimeout(120_000);
  await page.goto(`${CHAPTER}?w-norm-place.layers=24&w-norm-place.part=qk&w-norm-place.seed=7`);
  const place = await figure(page, 'norm-place');
  await expect(place).toHaveAttribute('data-badge', 'live', { timeout: 90_000 });
  expect(await number(stat(place, 'post-norm: последний слой к первому'))).toBeLessThan(0.4);
  await place.getByRole('radio', { name: 'W_out' }).check();
  expect(await number(stat(place, 'post-norm: последний слой к первому'))).toBeGreaterThan(0.4);
});

testFigures(CHAPTER, FIGURES);
