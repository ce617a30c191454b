// Chapter 5 in a real browser: recordings at rest, the model on demand, and numbers that agree with one another.
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test, type Locator, type Page } from '@playwright/test';
import { expectNoSideScroll, expectNoViolations, watch } from './site';

const root = fileURLToPath(new URL('../../', import.meta.url));
const FIGURES = ['microscope', 'scale-lab', 'who-moved', 'cache-lab'] as const;
const page5 = '05-step-by-step/';
const shipped = fs.existsSync(`${root}web/dist/models/ru-small.safetensors`);

const settled = (figure: Locator): Promise<void> => expect(figure.locator('.figure').first()).toHaveAttribute('aria-busy', 'false', { timeout: 60_000 });
async function live(page: Page, id: string): Promise<Locator> {
  const figure = page.locator(`#${id}`);
  await figure.scrollIntoViewIfNeeded();
  await expect(figure).toHaveAttribute('data-badge', 'live', { timeout: 90_000 });
  await settled(figure);
  return figure;
}
/** The figure's script has taken over: a click before that is lost. */
async function awake(page: Page, id: string): Promise<Locator> {
  const figure = page.locator(`#${id}`);
  await figure.scrollIntoViewIfNeeded();
  await expect(page.locator(`astro-island:has(#${id})`)).not.toHaveAttribute('ssr', /.*/, { timeout: 60_000 });
  return figure;
}
async function load(page: Page): Promise<void> {
  await awake(page, 'microscope');
  await page.locator('#microscope').getByRole('button', { name: /Загрузить модель/ }).click();
  await live(page, 'microscope');
}
const number = (text: string | null): number => Number((text ?? '').replace('−', '-').replace(',', '.').replace(/[^\d.e+-]/g, ''));

test('at rest the page shows recordings and fetches no model', async ({ page }) => {
  const seen = watch(page);
  const models: string[] = [];
  page.on('request', (r) => { if (r.url().includes('/models/')) models.push(r.url()); });
  await page.goto(page5);
  for (const id of FIGURES) await page.locator(`#${id}`).scrollIntoViewIfNeeded();
  await live(page, 'scale-lab'); // it needs the core and no model
  await expect(page.locator('#microscope')).toHaveAttribute('data-badge', 'recording');
  await expect(page.locator('#microscope .tokens .token').first()).toContainText('⊢');
  expect(models).toEqual([]);
  expect(seen).toEqual({ errors: [], foreign: [] });
});

test('every step of the recording can be walked through', async ({ page }) => {
  await page.goto(page5);
  const figure = await awake(page, 'microscope');
  for (const [i, name] of ['токены', 'эмбеддинг', 'нормализация', 'Q, K, V', 'оценки', 'веса', 'смесь', 'поток', 'FFN', 'логиты'].entries()) {
    await figure.locator('.steps button').nth(i).click();
    await expect(figure.locator('.steps [aria-current="step"]')).toContainText(name);
    await expect(figure.locator('section.say')).not.toBeEmpty();
  }
  await expect(figure.locator('.next tbody tr')).toHaveCount(10);
  await expect(page).toHaveURL(/w-microscope\.step=logits/);
});

test('the scale laboratory: width shows only without the scale, and the literal softmax overflows', async ({ page }) => {
  await page.goto(`${page5}?w-scale-lab.d=256&w-scale-lab.scale=off&w-scale-lab.factor=8`);
  const figure = await live(page, 'scale-lab');
  await expect(figure.locator('.naive')).toContainText('переполнилась');
  await figure.getByRole('group', { name: 'Деление на √d' }).getByText('есть', { exact: true }).click();
  await expect(figure.locator('.naive')).toContainText('Переполнения нет');
});

test.describe('without the model', () => {
  test.use({ serviceWorkers: 'block' }); // it would fetch the model past the page's routes
  test('a missing model leaves the recording and says so', async ({ page }) => {
    await page.route('**/models/ru-small.*', (route) => route.abort());
    await page.goto(page5);
    const figure = await awake(page, 'microscope');
    await figure.getByRole('button', { name: /Загрузить модель/ }).click();
    await expect(figure.getByRole('alert')).toContainText('показана запись', { timeout: 30_000 });
    await expect(figure).toHaveAttribute('data-badge', 'recording');
  });
});

test('the reader’s own sentence, letter by letter, and two computations of it', async ({ page }) => {
  test.skip(!shipped, 'models/ru-small is not in this build');
  const seen = watch(page);
  await page.goto(page5);
  await load(page);
  const figure = page.locator('#microscope');
  await figure.getByLabel('Ваше предложение').fill('Ещё один человек 🎄');
  await expect(figure.locator('.tokens .token').last()).toContainText('0x84', { timeout: 60_000 });
  await expect(figure.locator('.said')).toContainText('«ё» заменена на «е»');
  await settled(figure);
  for (const [check, bound] of [['rows', 1e-6], ['parts', 1e-4], ['path', 1e-4], ['stream', 1e-5]] as const) expect(number(await figure.locator(`[data-check="${check}"]`).textContent())).toBeLessThan(bound);
  await expect(figure.locator('[data-check="top"]')).toHaveText('те же');
  expect(seen).toEqual({ errors: [], foreign: [] });
});

test('arrows add up, and taking them all out draws them all', async ({ page }) => {
  test.skip(!shipped, 'models/ru-small is not in this build');
  await page.goto(page5);
  await load(page);
  const figure = await live(page, 'who-moved');
  await figure.getByLabel('Ваше предложение').fill('Мать посмотрела на');
  await expect(figure.getByRole('button', { name: /Выбить по одной/ })).toBeEnabled({ timeout: 60_000 });
  await settled(figure);
  const tokens = await figure.locator('.tokens .token').count();
  await figure.getByRole('button', { name: /Выбить по одной/ }).click();
  await expect(figure.locator('svg path[transform]')).toHaveCount(40 * tokens, { timeout: 90_000 });
});

test('with the wrong corner the text falls apart', async ({ page }) => {
  test.skip(!shipped, 'models/ru-small is not in this build');
  await page.goto(page5);
  await load(page);
  const figure = await live(page, 'cache-lab');
  await expect(figure.locator('.stat', { hasText: 'тексты трёх способов' })).toContainText('совпали');
  await figure.getByRole('group', { name: 'Угол маски' }).getByText('слева вверху').click();
  await expect(figure.locator('.stat', { hasText: 'тексты трёх способов' })).toContainText('разошлись', { timeout: 60_000 });
});

for (const theme of ['light', 'dark'] as const)
  test(`axe finds nothing in the figures, ${theme}`, async ({ browser }) => {
    const page = await (await browser.newContext({ colorScheme: theme, viewport: { width: 1280, height: 900 }, locale: 'ru-RU' })).newPage();
    await page.goto(page5);
    if (shipped) await load(page);
    else await awake(page, 'microscope');
    for (const [i, step] of ['1', '4', '5', '6', '7', '10'].entries()) {
      await page.locator('#microscope .steps button').nth(Number(step) - 1).click();
      const axe = i === 0 ? FIGURES.reduce((b, id) => b.include(`#${id}`), new AxeBuilder({ page })) : new AxeBuilder({ page }).include('#microscope');
      await expectNoViolations(axe);
    }
    await page.context().close();
  });

test('a phone shows every figure without sideways scroll at 320 px', async ({ browser }) => {
  const page = await (await browser.newContext({ viewport: { width: 320, height: 640 }, hasTouch: true, locale: 'ru-RU' })).newPage();
  await page.goto(page5);
  for (const id of FIGURES) {
    await page.locator(`#${id}`).scrollIntoViewIfNeeded();
    await expectNoSideScroll(page);
  }
  await awake(page, 'microscope');
  for (let i = 0; i < 10; i += 1) {
    await page.locator('#microscope .steps button').nth(i).click();
    await expectNoSideScroll(page);
  }
  await page.context().close();
});
