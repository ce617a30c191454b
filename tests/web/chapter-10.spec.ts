// Chapter 10 in a browser: towers fall and stand live, the plane of two deaths is recomputed, heads are trained and taken out.
import { expect, test } from '@playwright/test';
import { figure, stat, testFigures } from './figures';
import { watch } from './site';

const CHAPTER = '10-collapse/';
const FIGURES = ['collapse-tower', 'two-deaths', 'spare-heads', 'head-tree', 'blow-up'] as const;

test('a tower falls by cubes, a skip holds it, and the address remembers which', async ({ page }) => {
  const seen = watch(page);
  await page.goto(`${CHAPTER}?w-collapse-tower.depth=6&w-collapse-tower.floor=6`);
  const tower = await figure(page, 'collapse-tower');
  await expect(tower).toHaveAttribute('data-badge', 'live', { timeout: 60_000 });
  await expect(stat(tower, 'остаток на этаже')).toContainText('10^−207', { timeout: 20_000 });
  await expect(stat(tower, 'шаг длиннее прежнего')).toContainText('3,0');
  await tower.getByLabel('Остаточная связь α').fill('1');
  await tower.getByRole('radio', { name: 'pre-LN' }).check();
  await expect(stat(tower, 'остаток на этаже')).toContainText('0,', { timeout: 20_000 });
  await expect.poll(() => new URL(page.url()).searchParams.get('w-collapse-tower.norm')).toBe('pre');
  await page.reload();
  await expect((await figure(page, 'collapse-tower')).getByRole('radio', { name: 'pre-LN' })).toBeChecked();
  expect(seen).toEqual({ errors: [], foreign: [] });
});

test('the plane of two deaths is computed in the page, and a cell is picked', async ({ page }) => {
  await page.goto(`${CHAPTER}?w-two-deaths.skip=0&w-two-deaths.loud=0.25`);
  const plane = await figure(page, 'two-deaths');
  await expect(stat(plane, 'косинус токенов')).toContainText('1,000');
  await plane.getByRole('radio', { name: 'pre-LN' }).check();
  await expect(plane.getByRole('status').filter({ hasText: 'Клеток из 48' })).toContainText('живы — 16');
  await expect(plane).toHaveAttribute('data-badge', 'live', { timeout: 60_000 });
  await expect(plane.getByRole('status').filter({ hasText: 'Клеток из 48' })).toContainText('и то и другое — 0');
});

test('sixteen heads are trained, compared and taken out', async ({ page }) => {
  test.setTimeout(420_000);
  await page.goto(`${CHAPTER}?w-spare-heads.seed=2&w-spare-heads.how=instead`);
  const heads = await figure(page, 'spare-heads');
  const recorded = Number((await stat(heads, 'весь слой 1').innerText()).replace(/[^\d,]/g, '').replace(',', '.'));
  expect(recorded).toBeGreaterThan(1);
  await heads.getByRole('button', { name: 'Обучить такую модель' }).click();
  await expect(heads).toHaveAttribute('data-badge', 'live', { timeout: 360_000 });
  await expect(heads.getByRole('status').filter({ hasText: 'Живой расчёт: зерно 2' })).toBeVisible();
});

test('too long a step freezes the rows, and a norm on q and k does not let it', async ({ page }) => {
  test.setTimeout(240_000);
  await page.goto(`${CHAPTER}?w-blow-up.norm=1`);
  const blow = await figure(page, 'blow-up');
  await expect(stat(blow, 'потери в конце')).toContainText('2,57');
  await blow.getByRole('button', { name: 'Обучить с таким шагом' }).click();
  await expect(blow).toHaveAttribute('data-badge', 'live', { timeout: 60_000 });
  await expect(blow.locator('[data-run]')).toHaveAttribute('data-run', 'done', { timeout: 180_000 });
  const loss = Number((await stat(blow, 'потери, сейчас').innerText()).replace(',', '.'));
  expect(loss).toBeLessThan(3); // without the norm it stays at ln 32
});

test('the tree of heads is cut, and grown anew on a sentence of the reader', async ({ page }) => {
  await page.goto(`${CHAPTER}?w-head-tree.count=3`);
  const tree = await figure(page, 'head-tree');
  const drawing = tree.locator('svg[role=img]').first();
  await expect(drawing).toHaveAttribute('aria-label', /групп: 3/);
  const before = await drawing.getAttribute('aria-label');
  await tree.getByRole('button', { name: 'Загрузить модель' }).click();
  await expect(tree).toHaveAttribute('data-badge', 'live', { timeout: 90_000 });
  await expect(drawing).not.toHaveAttribute('aria-label', before!);
  await tree.getByRole('slider', { name: 'Групп после разреза' }).fill('7');
  await expect.poll(() => new URL(page.url()).searchParams.get('w-head-tree.count')).toBe('7');
});

testFigures(CHAPTER, FIGURES);
