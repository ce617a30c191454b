// Chapter 1 in a real browser: its four figures compute, agree with the native tool, and can be worked by link, keyboard and phone.
import fs from 'node:fs';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test, type Locator, type Page } from '@playwright/test';
import { expectNoSideScroll, expectNoViolations, watch } from './site';

const root = fileURLToPath(new URL('../../', import.meta.url));
const FIGURES = ['head-lab', 'three-ways', 'head-circuits', 'head-knockout'] as const;
const page1 = '01-head/';

/** Scrolls to a figure and waits until it shows numbers computed here and now. */
async function live(page: Page, id: string): Promise<Locator> {
  const figure = page.locator(`#${id}`);
  await figure.scrollIntoViewIfNeeded();
  await expect(figure).toHaveAttribute('data-badge', 'live', { timeout: 30_000 });
  await settled(figure);
  return figure;
}
const settled = (figure: Locator): Promise<void> => expect(figure.locator('.figure').first()).toHaveAttribute('aria-busy', 'false', { timeout: 20_000 });
const number = (text: string | null): number => Number((text ?? '').replace('−', '-').replace(',', '.').replace(/[^\d.e+-]/g, ''));
/** The number of a Stat by its label. */
async function stat(figure: Locator, label: string): Promise<number> {
  return number(await figure.locator('.stat', { hasText: label }).locator('.value').first().textContent());
}

test('all four figures go live without errors or foreign requests', async ({ page }) => {
  const seen = watch(page);
  await page.goto(page1);
  for (const id of FIGURES) await live(page, id);
  expect(seen).toEqual({ errors: [], foreign: [] });
});

test('a figure shows its recording before any script runs', async ({ browser }) => {
  const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
  await page.goto(page1);
  await expect(page.locator('#head-lab')).toHaveAttribute('data-badge', 'recording');
  await expect(page.locator('#head-lab .why')).toContainText('читает «к»');
  await page.context().close();
});

test('the head’s scores are those of the native tool', async ({ page }) => {
  const tool = process.env.ATTN ?? `${process.env.COURSE_BUILD ?? `${root}build`}/native/cli/attn`;
  test.skip(!fs.existsSync(tool), `no native tool at ${tool}`);
  const table = execFileSync(tool, ['heads', `${root}models/repeat-2l/model.safetensors`], { encoding: 'utf8' });
  await page.goto(page1);
  const figure = await live(page, 'head-lab');
  for (const [layer, head] of [[1, 0], [0, 1]] as const) {
    const [, previous, , , , induction] = new RegExp(`^L${layer}H${head}\\s+(.*)$`, 'm').exec(table)![0].split(/\s+/).map(Number) as number[];
    await figure.locator(`.heads [data-at="${layer}-${head}"]`).click();
    await expect(figure.locator('.stats')).toHaveAttribute('aria-label', new RegExp(`Слой ${layer}, голова ${head}`));
    expect(Math.abs((await stat(figure, 'предыдущий токен')) - previous!)).toBeLessThanOrEqual(0.001);
    expect(Math.abs((await stat(figure, 'индукция')) - induction!)).toBeLessThanOrEqual(0.001);
  }
});

test('the model continues the reader’s own string as the native tool does', async ({ page }) => {
  const tool = process.env.ATTN ?? `${process.env.COURSE_BUILD ?? `${root}build`}/native/cli/attn`;
  test.skip(!fs.existsSync(tool), `no native tool at ${tool}`);
  const prompt = 'перчаткаперчат';
  const whole = execFileSync(tool, ['generate', `${root}models/repeat-2l/model.safetensors`, '--prompt', prompt, '--count', '2'], { encoding: 'utf8' }).trim();
  expect(whole).toHaveLength(prompt.length + 2);
  await page.goto(page1);
  const figure = await live(page, 'head-lab');
  const input = figure.getByLabel('Ваша строка', { exact: true });
  await input.fill(prompt);
  for (let n = prompt.length; n < whole.length; n += 1) {
    await expect(figure.locator('.why')).toContainText(`на месте ${n} читает`);
    await settled(figure);
    await figure.locator('.next .guess').first().click();
    await expect(input).toHaveValue(whole.slice(0, n + 1));
  }
});

test('a cell explains itself, from the keyboard', async ({ page }) => {
  await page.goto(page1);
  const figure = await live(page, 'head-lab');
  const grid = figure.getByRole('grid', { name: /Карта внимания/ });
  await grid.focus();
  await page.keyboard.press('Home');
  await expect(figure.locator('.why')).toContainText('на месте 18 читает «р» на месте 1');
  await page.keyboard.press('ArrowRight');
  await expect(figure.locator('.why')).toContainText('на месте 18 читает «е» на месте 2');
  await page.keyboard.press('Enter'); // locked: it stays when the keyboard moves away
  await page.keyboard.press('Tab');
  await expect(figure.locator('.why')).toContainText('на месте 18 читает «е» на месте 2');
  // q · k / √16 is the score printed after it.
  const steps = figure.locator('.why li span');
  const [dot, score] = [number(await steps.nth(0).textContent()), number(await steps.nth(1).textContent())];
  expect(Math.abs(dot / 4 - score)).toBeLessThan(0.02);
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('End'); // a cell of the future
  await expect(figure.locator('.why')).toContainText('вес — ровно 0');
});

test('a link restores the state, and only what differs is in it', async ({ page }) => {
  await page.goto(`${page1}?w-head-lab.text=лимонадлимон&w-head-lab.head=1&w-head-lab.show=scores&w-head-knockout.off=4,5&w-unknown.key=1`);
  const figure = await live(page, 'head-lab');
  await expect(figure.getByLabel('Ваша строка', { exact: true })).toHaveValue('лимонадлимон');
  await expect(figure.locator('.why .head')).toContainText('Слой 0, голова 1');
  await expect(figure.getByRole('grid', { name: 'Оценки до softmax' })).toBeVisible();
  await expect((await live(page, 'head-knockout')).locator('.lines')).toContainText('без 1.0, 1.1');
  await page.goto(page1);
  await (await live(page, 'three-ways')).getByRole('group', { name: 'Слой' }).getByText('0', { exact: true }).click();
  await expect(page).toHaveURL(/w-three-ways\.layer=0/);
  expect(new URL(page.url()).searchParams.size).toBe(1);
});

test('the layer is the same by every road, and additive only with the map frozen', async ({ page }) => {
  await page.goto(page1);
  const figure = await live(page, 'three-ways');
  const size = number(/ответе слоя — ([\d,]+)/.exec((await figure.locator('.scale').textContent())!)![1]!);
  for (const way of ['sum', 'circuits', 'basis']) {
    const gap = number(await figure.locator(`[data-way="${way}"]`).textContent());
    expect(gap).toBeGreaterThan(0); // two different computations, not one printed twice
    expect(gap).toBeLessThan(2e-6 * size);
  }
  expect(await stat(figure, 'то же при замороженной карте')).toBeLessThan(2e-6 * size);
  for (const bar of await figure.locator('.bars .value').all()) expect(number(await bar.textContent())).toBeGreaterThan(1);
});

test('taking heads out costs what the chapter says', async ({ page }) => {
  await page.goto(page1);
  const figure = await live(page, 'head-knockout');
  const measured = JSON.parse(fs.readFileSync(`${root}chapters/01-head/data/measured.json`, 'utf8')) as { whole: { accuracy: number }; ablations: Record<string, Record<string, { accuracy: number }>> };
  expect(Math.abs((await stat(figure, 'точность на повторе')) / 100 - measured.ablations['0.1']!.mean!.accuracy)).toBeLessThan(0.003);
  await figure.getByRole('button', { name: 'включить все' }).click();
  await expect(figure.locator('.lines')).toContainText('все головы на месте');
  await settled(figure);
  expect(Math.abs((await stat(figure, 'точность на повторе')) / 100 - measured.whole.accuracy)).toBeLessThan(0.003);
  // From the keyboard: Space takes the focused head out.
  await figure.locator('.heads [data-at="0-1"]').focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Space');
  await expect(figure.locator('.lines')).toContainText('без 0.2');
});

test('the circuits copy in layer 1 and not in layer 0', async ({ page }) => {
  await page.goto(page1);
  const figure = await live(page, 'head-circuits');
  expect(await stat(figure, 'строк с максимумом на диагонали')).toBe(100);
  await figure.locator('.heads [data-at="0-0"]').click();
  await settled(figure);
  await expect(figure.locator('figcaption')).toContainText('слой 0, голова 0');
  expect(await stat(figure, 'строк с максимумом на диагонали')).toBeLessThan(20);
});

for (const theme of ['light', 'dark'] as const)
  test(`axe finds nothing in the live figures, ${theme}`, async ({ browser }) => {
    const page = await (await browser.newContext({ colorScheme: theme, viewport: { width: 1280, height: 900 }, locale: 'ru-RU' })).newPage();
    await page.goto(page1);
    for (const id of FIGURES) await live(page, id);
    const axe = FIGURES.reduce((builder, id) => builder.include(`#${id}`), new AxeBuilder({ page }));
    await expectNoViolations(axe);
    await page.context().close();
  });

test('a phone shows every live figure without sideways scroll at 320 px', async ({ browser }) => {
  const page = await (await browser.newContext({ viewport: { width: 320, height: 640 }, hasTouch: true, locale: 'ru-RU' })).newPage();
  await page.goto(page1);
  for (const id of FIGURES) {
    await live(page, id);
    await expectNoSideScroll(page);
  }
  await page.context().close();
});
