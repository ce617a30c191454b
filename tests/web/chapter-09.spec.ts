// Chapter 9 in a browser: the truth bench and the patching lab compute live, keep their state, pass axe and fit a phone.
import { expect, test, type Locator, type Page } from '@playwright/test';
import { figure, number, stat, testFigures } from './figures';
import { watch } from './site';

const CHAPTER = '09-methods/';
const FIGURES = ['truth-bench', 'probes', 'patching-lab', 'wires'] as const;

async function live(page: Page, id: string): Promise<Locator> {
  const widget = await figure(page, id);
  await expect(widget).toHaveAttribute('data-badge', 'live', { timeout: 40_000 });
  return widget;
}

test('the bench answers for the string that is typed, and another truth gives other agreements', async ({ page }) => {
  const seen = watch(page);
  await page.goto(CHAPTER);
  const bench = await live(page, 'truth-bench');
  await expect(stat(bench, 'модель пишет дальше')).toContainText('а');
  const rho = bench.locator('svg .rho').first();
  const before = await rho.textContent();
  await bench.getByRole('radio', { name: 'стёртый эмбеддинг' }).check({ force: true });
  await expect(rho).not.toHaveText(before!);
  await bench.getByLabel('Строка: модель продолжит её').first().fill('пшеницапшен');
  await expect(stat(bench, 'модель пишет дальше')).toContainText('и', { timeout: 20_000 });
  await expect.poll(() => new URL(page.url()).searchParams.get('w-truth-bench.truth')).toBe('erase');
  await page.reload();
  await expect(stat(await live(page, 'truth-bench'), 'модель пишет дальше')).toContainText('и', { timeout: 20_000 });
  expect(seen).toEqual({ errors: [], foreign: [] });
});

test('the map of a patch follows the contrast: the previous-token head is white for the answer, not for its neighbour', async ({ page }) => {
  await page.goto(CHAPTER);
  const lab = await live(page, 'patching-lab');
  const head = async (): Promise<number> => number(lab.locator('[data-at="0-1"] .n'));
  await lab.getByRole('button', { name: 'ответ', exact: true }).click();
  await expect.poll(head, { timeout: 20_000 }).toBeLessThan(0.1);
  await lab.getByRole('button', { name: 'сосед ответа' }).click();
  await expect.poll(head, { timeout: 20_000 }).toBeGreaterThan(0.3);
  await lab.getByRole('radio', { name: 'разрушение' }).check({ force: true });
  await expect.poll(() => new URL(page.url()).searchParams.get('w-patching-lab.noise')).toBe('1');
});

test('probes are trained in the page: the place is legible behind layer 0, erased it is not', async ({ page }) => {
  await page.goto(`${CHAPTER}?w-probes.property=place`);
  const probes = await live(page, 'probes');
  await expect(stat(probes, 'точка')).toHaveText('после слоя 0');
  await expect(probes.locator('svg[role=img]')).toHaveAttribute('aria-label', /номер четвёрки мест/, { timeout: 60_000 });
  await expect.poll(() => number(stat(probes, 'зонд после стирания')), { timeout: 60_000 }).toBeLessThan(20);
  await probes.getByRole('radio', { name: '0.1', exact: true }).check({ force: true });
  await expect.poll(() => new URL(page.url()).searchParams.get('w-probes.point')).toBe('2');
  await expect(stat(probes, 'код метки в точке 0.1')).toBeVisible({ timeout: 60_000 });
});

test('each contrast lights its own wire: keys, values, queries', async ({ page }) => {
  await page.goto(CHAPTER);
  const wires = await live(page, 'wires');
  await expect(wires.locator('p.say').first()).toContainText('буквы → V головы 0.1');
  await wires.getByRole('button', { name: 'последняя буква' }).click();
  await expect.poll(() => number(stat(wires, 'буквы → Q слоя 1')), { timeout: 20_000 }).toBeGreaterThan(0.8);
  await wires.getByRole('button', { name: 'ответ', exact: true }).click();
  await expect.poll(() => number(stat(wires, 'буквы → V слоя 1')), { timeout: 20_000 }).toBeGreaterThan(0.8);
  await expect(wires.locator('svg[role=img]')).toHaveAttribute('aria-label', /буквы → V головы 1\./);
  await wires.getByRole('radio', { name: 'разрушение' }).check({ force: true });
  await expect.poll(() => new URL(page.url()).searchParams.get('w-wires.noise')).toBe('1');
});

testFigures(CHAPTER, FIGURES);
