// Chapter 3 in a browser: the calculator answers the chapter's numbers, the dial fits patterns live, a cut is trained.
import { expect, test } from '@playwright/test';
import { figure, stat, testFigures } from './figures';
import { watch } from './site';

const CHAPTER = '03-head-count/';
const FIGURES = ['head-calculator', 'rank-dial', 'head-cut'] as const;

test('the calculator knows the cache of a model, of its twin, and keeps both in the address', async ({ page }) => {
  const seen = watch(page);
  await page.goto(CHAPTER);
  const calculator = await figure(page, 'head-calculator');
  await expect(stat(calculator, 'кэш на токен')).toContainText('128');
  await calculator.getByRole('combobox', { name: 'Модель' }).selectOption('llama31-405b');
  await expect(stat(calculator, 'кэш на токен')).toContainText('504');
  await calculator.getByLabel('Контекст, токенов').fill('17');
  await expect(stat(calculator, 'кэш целиком')).toContainText('63');
  await calculator.getByLabel('Наборов ключей и значений').selectOption('128');
  await expect(stat(calculator, 'кэш целиком')).toContainText('1008');
  await expect.poll(() => new URL(page.url()).searchParams.get('w-head-calculator.kv')).toBe('128');
  await page.reload();
  await expect(stat(await figure(page, 'head-calculator'), 'кэш целиком')).toContainText('1008');
  expect(seen).toEqual({ errors: [], foreign: [] });
});

test('a head of width two points anywhere, a head of width one does not', async ({ page }) => {
  await page.goto(`${CHAPTER}?w-rank-dial.kind=permutation&w-rank-dial.d=2`);
  const dial = await figure(page, 'rank-dial');
  const divergence = stat(dial, 'расхождение');
  await expect(dial).toHaveAttribute('data-badge', 'live', { timeout: 30_000 });
  await expect(divergence).toContainText('0,000');
  await dial.getByLabel('Ширина головы d').fill('1');
  await expect(divergence).toContainText('1,6', { timeout: 20_000 });
});

test('a cut of the budget is trained in the page', async ({ page }) => {
  test.setTimeout(360_000);
  await page.goto(`${CHAPTER}?w-head-cut.h=2`);
  const cut = await figure(page, 'head-cut');
  await expect(stat(cut, 'точность, запись')).toContainText('0,985');
  await cut.getByRole('button', { name: 'Обучить с таким разрезом' }).click();
  await expect(cut.locator('[data-run]')).toHaveAttribute('data-run', 'done', { timeout: 240_000 });
  const accuracy = Number((await stat(cut, 'точность, сейчас').innerText()).replace(',', '.'));
  expect(accuracy).toBeGreaterThan(0.95);
});

testFigures(CHAPTER, FIGURES);
