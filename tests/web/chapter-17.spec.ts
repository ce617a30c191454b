// Chapter 17 in a browser: memories fill, tiles stay exact, features are noisy, and a layer is trained to recall.
import { expect, test } from '@playwright/test';
import { figure, number, stat, testFigures } from './figures';
import { watch } from './site';

const CHAPTER = '17-alternatives/';
const FIGURES = ['memory-shelf', 'tiles', 'feature-noise', 'recall-race'] as const;

test('memories are computed in the page: rewritten keys turn the order round, and the address remembers', async ({ page }) => {
  const seen = watch(page);
  await page.goto(`${CHAPTER}?w-memory-shelf.keys=16`);
  const shelf = await figure(page, 'memory-shelf');
  await expect(shelf).toHaveAttribute('data-badge', 'live', { timeout: 60_000 });
  expect(await number(stat(shelf, 'softmax'))).toBe(1);
  await shelf.getByLabel('Сколько раз записан каждый ключ').fill('4');
  await expect.poll(() => number(stat(shelf, 'softmax')), { timeout: 30_000 }).toBeLessThan(0.5);
  expect(await number(stat(shelf, 'дельта-правило'))).toBeGreaterThan(0.8);
  await expect.poll(() => new URL(page.url()).searchParams.get('w-memory-shelf.versions')).toBe('4');
  await page.reload();
  await expect((await figure(page, 'memory-shelf')).getByLabel('Сколько раз записан каждый ключ')).toHaveValue('4');
  expect(seen).toEqual({ errors: [], foreign: [] });
});

test('rising scores rescale at every tile, and the answer stays the same', async ({ page }) => {
  await page.goto(CHAPTER);
  const tiles = await figure(page, 'tiles');
  await tiles.getByRole('radio', { name: 'по возрастанию' }).check();
  await expect(stat(tiles, 'пересчётов у первого запроса')).toHaveText(/^15/, { timeout: 60_000 });
  expect(await number(stat(tiles, 'перевозок меньше'))).toBe(2);
});

test('positive features are measured where they are good', async ({ page }) => {
  await page.goto(`${CHAPTER}?w-feature-noise.cosine=-0.9&w-feature-noise.seed=7`);
  const noise = await figure(page, 'feature-noise');
  await expect(noise).toHaveAttribute('data-badge', 'live', { timeout: 60_000 });
  expect(await number(stat(noise, 'синус и косинус'))).toBeGreaterThan(20 * (await number(stat(noise, 'положительные'))));
});

test('a layer learns to recall, pauses and goes on', async ({ page }) => {
  test.setTimeout(180_000);
  await page.goto(`${CHAPTER}?w-recall-race.memory=softmax`);
  const race = await figure(page, 'recall-race');
  await race.getByRole('button', { name: 'Обучить такой слой' }).click();
  await expect(race).toHaveAttribute('data-badge', 'live', { timeout: 60_000 });
  await race.getByRole('button', { name: 'Пауза' }).click();
  await race.getByRole('button', { name: 'Дальше' }).click();
  await expect(race.locator('[data-run]')).toHaveAttribute('data-run', 'done', { timeout: 150_000 });
  expect(await number(stat(race, 'точность сейчас'))).toBeGreaterThan(0.9);
});

testFigures(CHAPTER, FIGURES);
