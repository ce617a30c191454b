// Chapter 16 in a browser: the sink moves with its token, windows are read live, a layer with a gate is trained, heads are judged.
import { expect, test } from '@playwright/test';
import { figure, number, stat, testFigures } from './figures';
import { watch } from './site';

const CHAPTER = '16-anomalies/';
const FIGURES = ['deaf', 'sink', 'sink-factory', 'dissent'] as const;

test('without the start token sinks are gone, and the address remembers what stands first', async ({ page }) => {
  const seen = watch(page);
  await page.goto(CHAPTER);
  const sink = await figure(page, 'sink');
  await expect(sink).toHaveAttribute('data-badge', 'recording');
  await sink.getByRole('radio', { name: 'точка' }).check();
  await expect(sink).toHaveAttribute('data-badge', 'live', { timeout: 90_000 });
  await expect.poll(() => number(stat(sink, 'голов со стоком')), { timeout: 30_000 }).toBeLessThan(6); // a short text leaves two by chance
  await sink.getByRole('radio', { name: '«стол», потом ⊢' }).check();
  await expect.poll(() => number(stat(sink, 'голов со стоком')), { timeout: 30_000 }).toBeGreaterThan(12);
  await expect.poll(() => new URL(page.url()).searchParams.get('w-sink.first')).toBe('late');
  await page.reload();
  await expect((await figure(page, 'sink')).getByRole('radio', { name: '«стол», потом ⊢' })).toBeChecked();
  expect(seen).toEqual({ errors: [], foreign: [] });
});

test('a window with the start token in sight loses less than one twice as wide without it', async ({ page }) => {
  await page.goto(`${CHAPTER}?w-deaf.text=1`);
  const deaf = await figure(page, 'deaf');
  await expect(deaf).toHaveAttribute('data-badge', 'live', { timeout: 90_000 });
  expect(await number(stat(deaf, 'окно 16, ⊢ виден'))).toBeLessThan(await number(stat(deaf, 'окно 32, ⊢ закрыт')));
});

test('a layer with gates is trained here, and shuts them where there is nothing to copy', async ({ page }) => {
  test.setTimeout(300_000);
  await page.goto(`${CHAPTER}?w-sink-factory.kind=gate&w-sink-factory.seed=6`);
  const factory = await figure(page, 'sink-factory');
  await expect(factory.getByRole('status').filter({ hasText: 'Зерна 6 в записи нет' })).toBeVisible();
  await factory.getByRole('button', { name: 'Обучить' }).click();
  await expect(factory).toHaveAttribute('data-badge', 'live', { timeout: 240_000 });
  expect(await number(stat(factory, 'вентиль, праздные'))).toBeLessThan(0.2);
  expect(await number(stat(factory, 'потери: прописные'))).toBeLessThan(0.1);
});

test('heads are judged on the reader’s own words', async ({ page }) => {
  await page.goto(`${CHAPTER}?w-dissent.layer=3&w-dissent.head=4&w-dissent.show=looked`);
  const dissent = await figure(page, 'dissent');
  await expect(stat(dissent, 'голова 3.4: прямо')).toBeVisible();
  await expect(stat(dissent, 'против ответа')).toContainText('из 28');
  await dissent.getByLabel('Ваше предложение').fill('Она открыла окно, и в комнату вошёл холодный воздух.');
  await expect(dissent).toHaveAttribute('data-badge', 'live', { timeout: 90_000 });
  await expect(stat(dissent, 'против ответа')).not.toContainText('из 28', { timeout: 60_000 });
  await expect(dissent.getByRole('radio', { name: 'к тому, на кого смотрит' })).toBeChecked();
});

testFigures(CHAPTER, FIGURES);
