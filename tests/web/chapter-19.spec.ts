// Chapter 19 in a browser: rows with one output, a row over three encoders, and a model that is taught to hide.
import { expect, test } from '@playwright/test';
import { figure, number, stat, testFigures } from './figures';
import { watch } from './site';

const CHAPTER = '19-explanation/';
const FIGURES = ['other-maps', 'under-the-row', 'liar'] as const;

test('drawn rows are computed in the page: none besides up to d_v + 1 keys, far ones beyond, and the address remembers', async ({ page }) => {
  const seen = watch(page);
  await page.goto(`${CHAPTER}?w-other-maps.kind=drawn&w-other-maps.keys=17`);
  const maps = await figure(page, 'other-maps');
  await expect(maps).toHaveAttribute('data-badge', 'live', { timeout: 60_000 });
  expect(await number(stat(maps, 'карты расходятся'))).toBe(0);
  await maps.getByLabel('Ключей N').fill('48');
  await expect.poll(() => number(stat(maps, 'карты расходятся')), { timeout: 30_000 }).toBeGreaterThan(20);
  await expect.poll(() => new URL(page.url()).searchParams.get('w-other-maps.keys')).toBeNull(); // the default
  await page.reload();
  await expect((await figure(page, 'other-maps')).getByLabel('Ширина значения d_v')).toHaveValue('16');
  expect(seen).toEqual({ errors: [], foreign: [] });
});

test('a head of the Russian model: another map, the same logits', async ({ page }) => {
  test.setTimeout(120_000);
  await page.goto(CHAPTER);
  const maps = await figure(page, 'other-maps');
  await maps.getByRole('button', { name: /Загрузить модель/ }).click();
  await expect(maps).toHaveAttribute('data-badge', 'live', { timeout: 90_000 });
  expect(await number(stat(maps, 'карты расходятся'))).toBeGreaterThan(30);
  await expect(stat(maps, 'логиты с другой картой')).toContainText('10⁻⁶');
});

test('a row over single words is trained and questioned', async ({ page }) => {
  test.setTimeout(120_000);
  await page.goto(`${CHAPTER}?w-under-the-row.seed=7`);
  const under = await figure(page, 'under-the-row');
  await under.getByRole('button', { name: 'Обучить и опросить' }).click();
  await expect(under).toHaveAttribute('data-badge', 'live', { timeout: 90_000 });
  expect(await number(stat(under, 'τ веса и градиента'))).toBeGreaterThan(0.4);
});

test('a liar hides its weight and keeps its answers', async ({ page }) => {
  test.setTimeout(120_000);
  await page.goto(`${CHAPTER}?w-liar.encoder=attention&w-liar.seed=7`);
  const liar = await figure(page, 'liar');
  await liar.getByRole('button', { name: 'Обучить' }).click();
  await expect(liar.locator('[data-run]')).toHaveAttribute('data-run', 'done', { timeout: 90_000 });
  expect(await number(stat(liar, 'вес на словах со знаком'))).toBeLessThan(0.05);
  expect(await number(stat(liar, 'точность'))).toBeGreaterThan(0.9);
});

testFigures(CHAPTER, FIGURES);
