// Chapter 4 in a browser: keys and values change hands, a head is rewritten unnoticed, a circle is trained with Q = K.
import { expect, test, type Locator } from '@playwright/test';
import { figure, stat, testFigures } from './figures';
import { watch } from './site';

const CHAPTER = '04-qkv/';
const FIGURES = ['label-swap', 'unseen', 'three-or-two'] as const;

test('the answer follows the keys or the values, and comes back with both', async ({ page }) => {
  const seen = watch(page);
  await page.goto(`${CHAPTER}?w-label-swap.b=5`);
  const swap = await figure(page, 'label-swap');
  await expect(swap).toHaveAttribute('data-badge', 'live', { timeout: 30_000 });
  const answer = (what: string): Locator => swap.locator(`[data-swap="${what}"]`);
  await expect(answer('none')).toHaveText('к');
  for (const what of ['v', 'k']) await expect(answer(what)).toHaveText('б'); // the sixth letter of «республика»
  await expect(answer('kv')).toHaveText('к');
  expect(seen).toEqual({ errors: [], foreign: [] });
});

test('a change of basis goes unnoticed without RoPE and not with it; the address keeps the choice', async ({ page }) => {
  await page.goto(CHAPTER);
  const lab = await figure(page, 'unseen');
  await expect(lab).toHaveAttribute('data-badge', 'live', { timeout: 60_000 });
  const map = lab.locator('.stat', { hasText: 'веса карты' });
  await expect(map).toContainText('не заметно');
  await lab.getByRole('radio', { name: 'RoPE' }).check({ force: true });
  await expect(map).not.toContainText('не заметно', { timeout: 30_000 });
  await expect.poll(() => new URL(page.url()).searchParams.get('w-unseen.position')).toBe('rope');
  await page.reload();
  await expect((await figure(page, 'unseen')).locator('.stat', { hasText: 'веса карты' })).not.toContainText('не заметно', { timeout: 60_000 });
});

test('one matrix for query and key is trained on the circle and stays under its ceiling', async ({ page }) => {
  test.setTimeout(240_000);
  await page.goto(CHAPTER);
  const two = await figure(page, 'three-or-two');
  await two.getByRole('button', { name: 'Обучить', exact: true }).click();
  await expect(two.locator('[data-run]')).toHaveAttribute('data-run', 'done', { timeout: 200_000 });
  const accuracy = Number((await stat(two, 'точность, сейчас').innerText()).replace(',', '.'));
  expect(accuracy).toBeLessThan(0.9);
  expect(accuracy).toBeGreaterThan(0.3);
  await expect(stat(two, 'симметрия оценок')).toContainText('1,00');
});

testFigures(CHAPTER, FIGURES);
