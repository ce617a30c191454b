// Chapter 11 in a browser: a base is trained and adapted in the page, the first step is exact, sixteen levels are counted.
import { expect, test } from '@playwright/test';
import { figure, number, stat, testFigures } from './figures';
import { watch } from './site';

const CHAPTER = '11-fine-tuning/';
const FIGURES = ['where-or-what', 'first-step', 'four-bits', 'head-change'] as const;

test('levels are counted in the page: even numbers turn the order round, and the address remembers', async ({ page }) => {
  const seen = watch(page);
  await page.goto(`${CHAPTER}?w-four-bits.block=32`);
  const bits = await figure(page, 'four-bits');
  await expect(bits).toHaveAttribute('data-badge', 'live', { timeout: 60_000 });
  expect(await number(stat(bits, 'ошибка NF4'))).toBeLessThan(await number(stat(bits, 'ошибка INT4')));
  expect(await number(stat(bits, 'бит на вес'))).toBe(5);
  await bits.getByRole('radio', { name: 'равномерные' }).check();
  await expect.poll(() => number(stat(bits, 'ошибка INT4')), { timeout: 30_000 }).toBeLessThan(0.075);
  expect(await number(stat(bits, 'ошибка NF4'))).toBeGreaterThan(0.08);
  await expect.poll(() => new URL(page.url()).searchParams.get('w-four-bits.source')).toBe('uniform');
  await page.reload();
  await expect((await figure(page, 'four-bits')).getByRole('radio', { name: 'равномерные' })).toBeChecked();
  expect(seen).toEqual({ errors: [], foreign: [] });
});

test('the first step moves B alone, and from two zeros nothing', async ({ page }) => {
  await page.goto(`${CHAPTER}?w-first-step.rank=64`);
  const step = await figure(page, 'first-step');
  await expect(step).toHaveAttribute('data-badge', 'live', { timeout: 60_000 });
  await expect.poll(() => number(stat(step, 'косинус сейчас')), { timeout: 30_000 }).toBeGreaterThan(0.65);
  expect(await number(stat(step, 'косинус сейчас'))).toBeLessThan(0.76);
  expect(await number(stat(step, 'сдвиг A'))).toBe(0);
  await step.getByLabel('A = 0 тоже').check();
  await expect.poll(() => number(stat(step, 'сдвиг B')), { timeout: 30_000 }).toBe(0);
});

test('a base is trained, then its upper output learns another alphabet', async ({ page }) => {
  test.setTimeout(240_000);
  await page.goto(`${CHAPTER}?w-where-or-what.goal=permute&w-where-or-what.matrix=o&w-where-or-what.layers=1`);
  const run = await figure(page, 'where-or-what');
  expect(await number(stat(run, 'новая задача, запись'))).toBeGreaterThan(0.8);
  await run.getByRole('button', { name: 'Обучить базу и добавку' }).click();
  await expect(run).toHaveAttribute('data-badge', 'live', { timeout: 120_000 });
  await expect(run.locator('[data-run]')).toHaveAttribute('data-run', 'done', { timeout: 200_000 });
  expect(await number(stat(run, 'новая задача, сейчас'))).toBeGreaterThan(0.7);
  expect(await number(stat(run, 'прежняя задача'))).toBeLessThan(0.1);
});

test('a renamed alphabet leaves the maps alone, in the recording', async ({ page }) => {
  await page.goto(`${CHAPTER}?w-head-change.goal=permute&w-head-change.matrix=o`);
  const change = await figure(page, 'head-change');
  expect(await number(stat(change, 'слой 1 целиком пересажен'))).toBeGreaterThan(0.9);
  expect(await number(stat(change, 'слой 0 целиком пересажен'))).toBeLessThan(0.05);
});

testFigures(CHAPTER, FIGURES);
