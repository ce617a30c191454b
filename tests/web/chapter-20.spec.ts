// Chapter 20 in a browser: a layer learns the sign that keeps a bit, and a memory learns while it reads.
import { expect, test } from '@playwright/test';
import { figure, number, stat, testFigures } from './figures';
import { watch } from './site';

const CHAPTER = '20-after/';

test('a given sign is right at any length after training in the page', async ({ page }) => {
  test.setTimeout(180_000);
  const seen = watch(page);
  await page.goto(`${CHAPTER}?w-one-sign.mixer=exact`);
  const sign = await figure(page, 'one-sign');
  await sign.getByRole('button', { name: 'Обучить такой слой' }).click();
  await expect(sign).toHaveAttribute('data-badge', 'live', { timeout: 60_000 });
  await sign.getByRole('button', { name: 'Пауза' }).click();
  await sign.getByRole('button', { name: 'Дальше' }).click();
  await expect(sign.locator('[data-run]')).toHaveAttribute('data-run', 'done', { timeout: 150_000 });
  expect(await number(stat(sign, 'на длине 16, сейчас'))).toBe(1);
  await sign.getByRole('radio', { name: 'вентиль от 0 до 1' }).check();
  await expect.poll(() => new URL(page.url()).searchParams.get('w-one-sign.mixer')).toBe('positive');
  expect(await number(stat(sign, 'на длине 16, запись'))).toBeLessThan(0.6);
  expect(seen).toEqual({ errors: [], foreign: [] });
});

test('a slower pen forgets the old map more slowly', async ({ page }) => {
  await page.goto(CHAPTER);
  const lesson = await figure(page, 'reading-lesson');
  await expect(lesson).toHaveAttribute('data-badge', 'live', { timeout: 60_000 });
  expect(await number(stat(lesson, 'дельта, в конце'))).toBeLessThan(0.2);
  await lesson.getByLabel('Темп записи β').fill('0.05');
  await expect.poll(() => number(stat(lesson, 'дельта, в конце')), { timeout: 30_000 }).toBeGreaterThan(0.5);
});

testFigures(CHAPTER, ['one-sign', 'reading-lesson']);
