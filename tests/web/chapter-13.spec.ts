// Chapter 13 in a browser: hands of RoPE, biases, a head that looks one step back, longer texts, a stretched ladder.
import { expect, test } from '@playwright/test';
import { figure, number, stat, testFigures } from './figures';
import { watch } from './site';

const CHAPTER = '13-positions/';
const FIGURES = ['rope-hands', 'bias-shapes', 'one-step-back', 'length-race', 'rope-dial'] as const;

test('the score peaks where the query is tuned, a shift of both does not move it, and the address remembers', async ({ page }) => {
  const seen = watch(page);
  await page.goto(`${CHAPTER}?w-rope-hands.offset=5&w-rope-hands.far=5`);
  const hands = await figure(page, 'rope-hands');
  await expect(hands).toHaveAttribute('data-badge', 'live', { timeout: 30_000 });
  const peak = stat(hands, 'оценка на расстоянии 5');
  await expect(peak).toContainText('4,000'); // eight pairs of ones: 2 · 8 / √16
  await hands.getByLabel('Сдвинуть оба').fill('3000');
  await expect(peak).toContainText('4,000');
  await expect(stat(hands, 'сдвиг обоих')).toContainText('e-');
  await hands.getByLabel('δ, мест назад').fill('9');
  await expect(peak).not.toContainText('4,000');
  await expect.poll(() => new URL(page.url()).searchParams.get('w-rope-hands.offset')).toBe('9');
  await page.reload();
  await expect(await figure(page, 'rope-hands').then((w) => w.getByLabel('δ, мест назад'))).toHaveValue('9');
  expect(seen).toEqual({ errors: [], foreign: [] });
});

test('slopes of twelve heads do not only fall; T5 has one bucket for all that is far', async ({ page }) => {
  await page.goto(`${CHAPTER}?w-bias-shapes.h=12`);
  const bias = await figure(page, 'bias-shapes');
  await expect(stat(bias, 'наклоны только убывают')).toContainText('нет', { timeout: 30_000 });
  await bias.getByText('корзины T5', { exact: true }).click();
  await expect(stat(bias, 'последняя')).toContainText('113');
});

test('one layer with RoPE learns to look one step back, in the page', async ({ page }) => {
  test.setTimeout(180_000);
  await page.goto(`${CHAPTER}?w-one-step-back.scheme=rope`);
  const back = await figure(page, 'one-step-back');
  await back.getByRole('button', { name: 'Обучить' }).click();
  await expect(back.locator('[data-run]')).toHaveAttribute('data-run', 'done', { timeout: 150_000 });
  expect(await number(stat(back, 'точность, сейчас'))).toBeGreaterThan(0.97);
});

testFigures(CHAPTER, FIGURES);
