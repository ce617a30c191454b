// Chapter 15 in a browser: two recordings that answer without a model, and the same computed on a reader's sentence.
import { expect, test } from '@playwright/test';
import { figure, number, stat, testFigures } from './figures';
import { watch } from './site';

const CHAPTER = '15-feed-forward/';
const FIGURES = ['two-hands', 'memory-rows'] as const;

test('the recording answers for both ways of silencing, and the token is kept in the address', async ({ page }) => {
  const seen = watch(page);
  await page.goto(CHAPTER);
  const hands = await figure(page, 'two-hands');
  await expect(hands).toHaveAttribute('data-badge', 'recording');
  const alone = await number(stat(hands, 'FFN, сумма'));
  await hands.getByText('среднее', { exact: true }).click();
  // FFN 0 is a dictionary: without its words the token is lost, without its knowledge of the text it is not.
  await expect.poll(() => number(stat(hands, 'FFN, сумма'))).toBeGreaterThan(alone + 2);
  await hands.getByRole('button', { name: /место 3$/ }).click();
  await expect.poll(() => new URL(page.url()).searchParams.get('w-two-hands.at')).toBe('3');
  await expect(hands).toHaveAttribute('data-badge', 'recording');
  const rows = await figure(page, 'memory-rows');
  await rows.locator('fieldset', { hasText: 'Слой' }).getByText('4', { exact: true }).click();
  await expect(rows.locator('caption').first()).toContainText('Слой 4');
  expect(seen).toEqual({ errors: [], foreign: [] });
});

test('the Russian model computes both figures on another sentence', async ({ page }) => {
  test.setTimeout(180_000);
  await page.goto(`${CHAPTER}?w-two-hands.text=Старый+князь+молчал.+Старый+князь&w-memory-rows.layer=0`);
  const hands = await figure(page, 'two-hands');
  await expect(hands).toHaveAttribute('data-badge', 'live', { timeout: 90_000 });
  await expect(hands.getByRole('rowheader').first()).toContainText('Ста');
  const rows = await figure(page, 'memory-rows');
  await expect(rows).toHaveAttribute('data-badge', 'live', { timeout: 60_000 });
  await expect(rows.locator('caption').first()).toContainText('Слой 0');
});

testFigures(CHAPTER, FIGURES);
