// Chapter 6 in a browser: the account closes and answers for a head taken away, the choir, turned heads and links are computed live.
import { expect, test, type Locator } from '@playwright/test';
import { figure, number, stat, testFigures } from './figures';
import { watch } from './site';

const CHAPTER = '06-multi-head/';
const FIGURES = ['sum-ledger', 'head-mix', 'head-choir', 'head-links'] as const;

const live = (w: Locator): Promise<void> => expect(w).toHaveAttribute('data-badge', 'live', { timeout: 60_000 });

test('the account: a head taken away costs less than it promised, and the address keeps it', async ({ page }) => {
  const seen = watch(page);
  await page.goto(CHAPTER);
  const ledger = await figure(page, 'sum-ledger');
  await live(ledger);
  await expect(ledger.locator('.stat', { hasText: 'перевес' }).first()).toContainText('сумма полос');
  await ledger.locator('[data-at="1-3"]').first().focus();
  await page.keyboard.press('Space');
  await expect.poll(() => new URL(page.url()).searchParams.get('w-sum-ledger.off')).toBe('7');
  await expect(stat(ledger, 'счёт обещал')).not.toHaveText('—');
  const [promised, lost] = [await number(stat(ledger, 'счёт обещал')), await number(stat(ledger, 'потеряно'))];
  expect(promised).toBeGreaterThan(1);
  expect(lost).toBeLessThan(promised);
  await page.reload();
  const again = await figure(page, 'sum-ledger');
  await live(again);
  await expect.poll(() => number(stat(again, 'счёт обещал'))).toBeCloseTo(promised, 2);
  expect(seen).toEqual({ errors: [], foreign: [] });
});

test('turning answers is free, turning values through the map of another head is not', async ({ page }) => {
  await page.goto(`${CHAPTER}?w-head-mix.layer=0&w-head-mix.mode=after`);
  const mix = await figure(page, 'head-mix');
  await live(mix);
  await expect.poll(() => number(stat(mix, 'наибольшая плата'))).toBeLessThan(0.001);
  await mix.getByRole('radio', { name: 'значения' }).check({ force: true });
  await expect.poll(() => number(stat(mix, 'наибольшая плата')), { timeout: 60_000 }).toBeGreaterThan(0.5);
});

test('the choir sings together in layer 1; links are cut live', async ({ page }) => {
  await page.goto(CHAPTER);
  const choir = await figure(page, 'head-choir');
  await live(choir);
  expect(await number(stat(choir, 'слитность'))).toBeGreaterThan(0.6);
  const links = await figure(page, 'head-links');
  await live(links);
  expect(await number(stat(links, 'перерезать у всех'))).toBeGreaterThan(1);
});

test('a model of another seed is trained in the page and asked the same', async ({ page }) => {
  test.setTimeout(300_000);
  await page.goto(`${CHAPTER}?w-head-links.model=1`);
  const links = await figure(page, 'head-links');
  await expect(links).toHaveAttribute('data-badge', 'live', { timeout: 240_000 });
  expect(await number(stat(links, 'перерезать у всех'))).toBeGreaterThan(0.5);
});

testFigures(CHAPTER, FIGURES);
