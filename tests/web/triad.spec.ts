// The bench that chapters 2, 3, 4, 6, 9, 10 and 12 share: a recording until the reader wants the model, then any sentence, any heads,
// three tools; its state in the address, the keyboard, a download that can be stopped.
import { expect, test, type Locator, type Page } from '@playwright/test';
import { figure, number, stat, testFigures } from './figures';
import { watch } from './site';

const HOME = '09-methods/';
const CHAPTERS = ['02-many-heads/', '03-head-count/', '04-qkv/', '06-multi-head/', '10-collapse/', '12-pruning/'];
const MODEL = /ru-small\.safetensors$/;

async function loaded(page: Page, address: string): Promise<Locator> {
  await page.goto(address);
  const bench = await figure(page, 'triad');
  const load = bench.getByRole('button', { name: /Загрузить модель/ });
  // A state in the address asks for the model by itself: the button may be gone before it is pressed.
  if (await load.isVisible()) await load.click({ timeout: 5000 }).catch(() => undefined);
  await expect(bench).toHaveAttribute('data-badge', 'live', { timeout: 60_000 });
  return bench;
}
const logit = (bench: Locator): Locator => stat(bench, 'логит «');
const parameter = (page: Page, key: string): string | null => new URL(page.url()).searchParams.get(`w-triad.${key}`);

test('at rest there is a lesson and no model; then heads are taken one by one from the keyboard, and the address keeps them', async ({ page }) => {
  const seen = watch(page);
  const fetched: string[] = [];
  page.on('request', (r) => MODEL.test(r.url()) && fetched.push(r.url()));
  await page.goto(HOME);
  const resting = await figure(page, 'triad');
  await expect(resting).toHaveAttribute('data-badge', 'recording');
  expect(await number(logit(resting))).toBeLessThan(0); // 4.2 speaks of the father: «был» is ahead
  expect(fetched).toEqual([]);
  const bench = await loaded(page, `${HOME}?w-triad.tool=ablate&w-triad.heads=-`);
  expect(fetched.length).toBeGreaterThan(0);
  await bench.locator('[data-at="4-2"]').focus();
  await page.keyboard.press(' ');
  await expect(bench.locator('p.say', { hasText: 'Усреднены' })).toContainText('4.2', { timeout: 20_000 });
  const one = await number(logit(bench));
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press(' ');
  await expect(bench.locator('p.say', { hasText: '4.2, 4.1' })).toBeVisible({ timeout: 20_000 });
  expect(await number(logit(bench))).not.toBe(one);
  await expect(bench.locator('[data-at="4-2"]')).toContainText('(', { timeout: 30_000 }); // the grid is live: with and without the other
  await expect.poll(() => parameter(page, 'heads')).toBe('34,33');
  await page.reload();
  await expect((await figure(page, 'triad')).locator('p.say', { hasText: '4.2, 4.1' })).toBeVisible({ timeout: 60_000 });
  expect(seen).toEqual({ errors: [], foreign: [] });
});

test('patching: values carry the gender, maps do not; sentences of different lengths are refused in words', async ({ page }) => {
  const all = Array.from({ length: 40 }, (_, i) => i).join(',');
  const bench = await loaded(page, `${HOME}?w-triad.heads=${all}&w-triad.site=pattern`);
  await expect.poll(() => number(logit(bench)), { timeout: 20_000 }).toBeGreaterThan(2);
  await bench.getByRole('combobox', { name: 'Что брать' }).selectOption('v');
  await expect.poll(() => number(logit(bench)), { timeout: 20_000 }).toBeLessThan(-2);
  await bench.getByRole('radio', { name: 'восстановить' }).check({ force: true });
  await expect.poll(() => number(logit(bench)), { timeout: 20_000 }).toBeGreaterThan(2);
  await bench.getByLabel('Испорченное').fill('Старый отец моего лучшего друга');
  await expect(bench.getByRole('alert')).toContainText('той же длины', { timeout: 20_000 });
});

test('pruning: the slider walks along an order and the curve grows; the greedy order shows its progress and can be broken off', async ({ page }) => {
  const bench = await loaded(page, `${HOME}?w-triad.tool=prune&w-triad.order=single&w-triad.cut=10`);
  await expect(bench.locator('.lines svg[role=img]').first()).toHaveAttribute('aria-label', /по одиночной цене/, { timeout: 60_000 });
  const losses = stat(bench, 'потери на предложении');
  await expect(bench.locator('p.say', { hasText: 'Усреднены' })).toBeVisible({ timeout: 20_000 });
  const few = await number(losses);
  await bench.getByRole('slider', { name: 'Снято голов', exact: true }).focus();
  await page.keyboard.press('End');
  await expect(bench.locator('p.say', { hasText: 'все головы' })).toBeVisible({ timeout: 20_000 });
  expect(await number(losses)).toBeGreaterThan(few);
  await bench.getByRole('combobox', { name: 'Порядок' }).selectOption('greedy');
  await bench.getByRole('button', { name: 'прервать' }).click();
  await expect(bench.getByRole('combobox', { name: 'Порядок' })).toHaveValue('single');
  await expect(bench.getByRole('button', { name: 'прервать' })).toHaveCount(0);
});

test('the letters need no download', async ({ page }) => {
  const fetched: string[] = [];
  page.on('request', (r) => MODEL.test(r.url()) && fetched.push(r.url()));
  await page.goto(`${HOME}?w-triad.model=repeat-2l&w-triad.text=музыкантмузыкантмузык&w-triad.tool=ablate&w-triad.how=zero&w-triad.heads=1&w-triad.right=&w-triad.wrong=&w-triad.head=1`);
  const bench = await figure(page, 'triad');
  await expect(bench).toHaveAttribute('data-badge', 'live', { timeout: 40_000 });
  await expect(bench.locator('p.say', { hasText: 'Обнулены' })).toContainText('0.1');
  await expect(stat(bench, '−ln p(«а»)')).toBeVisible(); // the model's own answer, before it lost the head
  expect(fetched).toEqual([]);
});

test('a download can be stopped, and started again', async ({ page }) => {
  let held = true;
  await page.route(MODEL, async (route) => {
    while (held) await new Promise((resolve) => setTimeout(resolve, 50));
    await route.continue().catch(() => undefined);
  });
  await page.goto(HOME);
  const bench = await figure(page, 'triad');
  await bench.getByRole('button', { name: /Загрузить модель/ }).click();
  await bench.getByRole('button', { name: 'остановить' }).click();
  await expect(bench.getByRole('alert')).toContainText('Загрузка остановлена');
  held = false;
  await bench.getByRole('button', { name: /Загрузить модель/ }).click();
  await expect(bench).toHaveAttribute('data-badge', 'live', { timeout: 60_000 });
});

for (const chapter of CHAPTERS)
  test(`${chapter} has the bench, and it computes`, async ({ page }) => {
    const bench = await loaded(page, chapter);
    await expect(bench.getByRole('grid').first()).toBeVisible();
    expect(Number.isFinite(await number(logit(bench)))).toBe(true);
  });

testFigures(HOME, ['triad']);
