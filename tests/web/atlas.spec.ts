// The atlas of heads in a real browser: at rest, by keyboard and by link, live on the small model, without its model.
import fs from 'node:fs';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test, type Locator, type Page } from '@playwright/test';
import { expectNoSideScroll, expectNoViolations, watch } from './site';

// The offline worker would answer for a model that a test has taken away.
test.use({ serviceWorkers: 'block' });

const root = fileURLToPath(new URL('../../', import.meta.url));
const map = (page: Page): Locator => page.getByRole('grid', { name: 'Роли голов' });
const card = (page: Page): Locator => page.locator('#head-atlas .card');

async function open(page: Page, query = '', theme: 'light' | 'dark' = 'light'): Promise<void> {
  await page.addInitScript((t) => localStorage.setItem('starlight-theme', t), theme);
  await page.goto(`./atlas/${query}`);
  await page.mouse.move(40, 200); // a figure wakes with its reader
  await page.locator('astro-island:not([ssr])').first().waitFor({ state: 'attached' });
}
async function survey(page: Page): Promise<void> {
  await page.locator('#head-atlas').getByText('repeat-2l', { exact: true }).click();
  await page.getByRole('button', { name: 'Посчитать' }).click();
  await expect(page.locator('#head-atlas')).toHaveAttribute('data-badge', 'live', { timeout: 60_000 });
}
async function axe(page: Page): Promise<void> {
  await expectNoViolations(new AxeBuilder({ page }).options({ resultTypes: ['violations'] }).include('main'));
}

test('the recording is there before any script runs', async ({ browser }) => {
  const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
  await page.goto('atlas/');
  await expect(page.locator('#head-atlas')).toHaveAttribute('data-badge', 'recording');
  expect(await map(page).getByRole('gridcell').count()).toBe(40);
  await expect(page.locator('#head-atlas caption')).toContainText('на одной половине');
  await page.context().close();
});

test('arrows walk the map, the card and the address follow, a link comes back to the same head', async ({ page, context }) => {
  await open(page);
  await map(page).getByRole('gridcell').nth(0).click();
  await expect(card(page)).toHaveAttribute('data-head', '0.0');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  await expect(card(page)).toHaveAttribute('data-head', '1.1');
  await expect(page).toHaveURL(/w-head-atlas\.head=9/);
  const link = await card(page).getByRole('link', { name: 'постоянная ссылка' }).getAttribute('href');
  const other = await context.newPage();
  await open(other, link!.replace(/#.*/, ''));
  await expect(card(other)).toHaveAttribute('data-head', '1.1');
});

test('any two scores make a scatter, any score paints the map, the threshold renames heads', async ({ page }) => {
  await open(page);
  const widget = page.locator('#head-atlas');
  await widget.getByRole('combobox', { name: 'По горизонтали' }).selectOption({ label: 'знаки препинания' });
  await expect(widget.getByRole('img', { name: /знаки препинания по горизонтали/ })).toBeVisible();
  await widget.getByRole('combobox', { name: 'Цвет клетки' }).selectOption({ label: 'первый токен' });
  await expect(widget.getByRole('grid', { name: 'первый токен' }).getByRole('gridcell')).toHaveCount(40);
  await widget.getByRole('combobox', { name: 'Цвет клетки' }).selectOption({ label: 'роль' });
  const nameless = () => map(page).getByText('—', { exact: true }).count();
  const before = await nameless();
  await widget.getByLabel('Порог имени').press('End');
  await expect.poll(nameless).toBeGreaterThanOrEqual(before);
});

for (const theme of ['light', 'dark'] as const)
  test(`axe finds nothing, at rest and live, ${theme}`, async ({ page }) => {
    test.setTimeout(180_000);
    await open(page, '', theme);
    await axe(page);
    await survey(page);
    await axe(page);
  });

test('the small model is surveyed in the page, and its induction scores are those of the native tool', async ({ page }) => {
  test.setTimeout(120_000);
  const seen = watch(page);
  await open(page);
  await survey(page);
  await expect(map(page).getByRole('gridcell')).toHaveCount(8);
  await expect(map(page).getByText('индукц.')).not.toHaveCount(0);
  await expect(map(page).getByText('пред.')).not.toHaveCount(0);
  await map(page).getByRole('gridcell').nth(4).click();
  await expect(card(page).getByRole('button', { name: 'показать карту' })).not.toHaveCount(0);
  await expect(card(page).getByRole('grid', { name: 'Карта внимания головы 1.0' })).toBeVisible({ timeout: 20_000 });
  await card(page).getByRole('button', { name: /Отнять голову/ }).click();
  await expect(card(page).getByRole('status').filter({ hasText: 'Потери на токен' })).toContainText('без головы', { timeout: 60_000 });
  expect(seen).toEqual({ errors: [], foreign: [] });
  const tool = process.env.ATTN ?? `${process.env.COURSE_BUILD ?? `${root}build`}/native/cli/attn`;
  if (!fs.existsSync(tool)) return;
  const table = execFileSync(tool, ['heads', `${root}models/repeat-2l/model.safetensors`, '--batch', '8', '--half', '24', '--seed', '1'], { encoding: 'utf8' });
  const [, , , , , induction] = /^L1H0\s+.*$/m.exec(table)![0].split(/\s+/).map(Number) as number[];
  const shown = await card(page).getByRole('row', { name: /индукция на случайных повторах/ }).getByRole('cell').first().textContent();
  expect(Math.abs(Number(shown!.replace(',', '.')) - induction!)).toBeLessThanOrEqual(0.0051);
});

test('without the weights the page says so and keeps the recording', async ({ page }) => {
  await page.route('**/models/**', (route) => route.abort());
  await open(page);
  await page.getByRole('button', { name: 'Загрузить модель и пересчитать' }).click();
  await expect(page.locator('#head-atlas').getByRole('alert')).toContainText('показана запись');
  await expect(page.locator('#head-atlas')).toHaveAttribute('data-badge', 'recording');
});

test('nothing scrolls sideways on a phone', async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  await open(page);
  await expectNoSideScroll(page);
});

test('the heads are followed along training, in the recording and live, to the same numbers', async ({ page }) => {
  test.setTimeout(240_000);
  const seen = watch(page);
  await open(page, '?w-head-growth.score=first&w-head-growth.head=32');
  const growth = page.locator('#head-growth');
  await growth.scrollIntoViewIfNeeded();
  await expect(page.locator('astro-island[ssr]', { has: growth })).toHaveCount(0);
  const cell = growth.getByRole('grid', { name: 'первый токен' }).getByRole('gridcell').nth(32);
  const at = async (state: number): Promise<string> => {
    await growth.getByRole('slider', { name: 'Снимок' }).fill(String(state));
    return (await cell.innerText()).trim();
  };
  const recorded = [await at(0), await at(7), await at(8)];
  expect(recorded).toEqual(['0.05', '0.11', '0.56']); // random weights; step 1024; step 2048
  await expect(page).toHaveURL(/w-head-growth\.state=8/);
  await growth.getByRole('button', { name: 'Загрузить снимки и пересчитать' }).click();
  await expect(growth).toHaveAttribute('data-badge', 'live', { timeout: 200_000 });
  expect([await at(0), await at(7), await at(8)]).toEqual(recorded);
  expect(seen).toEqual({ errors: [], foreign: [] });
});

test('snapshots that cannot be had leave the recording and say so', async ({ page }) => {
  await page.route('**/models/ru-small.snapshots.safetensors', (route) => route.abort());
  await open(page);
  const growth = page.locator('#head-growth');
  await growth.scrollIntoViewIfNeeded();
  await growth.getByRole('button', { name: 'Загрузить снимки и пересчитать' }).click();
  await expect(growth.getByText('Не удалось загрузить русскую модель')).toBeVisible({ timeout: 30_000 });
  await expect(growth).toHaveAttribute('data-badge', 'recording');
});
