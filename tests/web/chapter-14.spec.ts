// Chapter 14 in a browser: a function is put into heads, a needle is read, a chain of windows is trained.
import { expect, test } from '@playwright/test';
import { figure, number, stat, testFigures } from './figures';
import { watch } from './site';

const CHAPTER = '14-large-models/';
const FIGURES = ['function-lab', 'window-reach', 'needle'] as const;

test('heads that say their mean answer without examples, live; the address remembers how many', async ({ page }) => {
  const seen = watch(page);
  await page.goto(`${CHAPTER}?w-function-lab.k=4&w-function-lab.seed=2`);
  const lab = await figure(page, 'function-lab');
  await expect(lab).toHaveAttribute('data-badge', 'live', { timeout: 90_000 });
  const strong = await number(stat(lab, 'по всем функциям'));
  expect(strong).toBeGreaterThan(0.3);
  expect(strong).toBeLessThan(0.6);
  expect(await number(stat(lab, 'слабые головы'))).toBeLessThan(strong);
  await lab.getByRole('radio', { name: 'против примеров' }).check();
  await lab.getByLabel('Голов, k').fill('8');
  await expect.poll(() => new URL(page.url()).searchParams.get('w-function-lab.k')).toBe('8');
  await expect.poll(() => number(stat(lab, 'против примеров'))).toBeGreaterThan(0.25);
  await page.reload();
  await expect((await figure(page, 'function-lab')).getByRole('radio', { name: 'против примеров' })).toBeChecked();
  expect(seen).toEqual({ errors: [], foreign: [] });
});

test('without its one head ru-small gains less from the needle', async ({ page }) => {
  await page.goto(`${CHAPTER}?w-needle.needle=9&w-needle.distance=30`);
  const needle = await figure(page, 'needle');
  await expect(needle).toHaveAttribute('data-badge', 'live', { timeout: 90_000 });
  expect(await number(stat(needle, 'без 4.0'))).toBeLessThan(await number(stat(needle, 'остальным токенам')));
});

test('one layer with a window of four learns a distance of four here, and not one of five', async ({ page }) => {
  test.setTimeout(180_000);
  await page.goto(`${CHAPTER}?w-window-reach.layers=1&w-window-reach.distance=4`);
  const reach = await figure(page, 'window-reach');
  await reach.getByRole('button', { name: 'Обучить такую' }).click();
  await expect(reach.locator('[data-run]')).toHaveAttribute('data-run', 'done', { timeout: 80_000 });
  expect(await number(stat(reach, 'точность, сейчас'))).toBeGreaterThan(0.95);
  await reach.getByRole('radio', { name: '5', exact: true }).check();
  await reach.getByRole('button', { name: 'Обучить такую' }).click();
  await expect(reach.locator('[data-run]')).toHaveAttribute('data-run', 'done', { timeout: 80_000 });
  await expect.poll(() => number(stat(reach, 'точность, сейчас'))).toBeLessThan(0.3);
});

testFigures(CHAPTER, FIGURES);
