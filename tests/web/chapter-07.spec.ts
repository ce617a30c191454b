// Chapter 7 in a browser: a model is trained in the page, heads take roles, and nothing is lost when the worker is.
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test, type Locator, type Page } from '@playwright/test';
import { expectNoSideScroll, watch } from './site';

const CHAPTER = '07-specialisation/';
const TRAINING_MS = 240_000; // 700 steps take seconds on a free machine, minutes on a busy one

/** Keeps every worker the page makes, so that a test can kill one. */
async function keepWorkers(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const workers: Worker[] = [];
    const Real = window.Worker;
    class Kept extends Real {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        workers.push(this);
      }
    }
    Object.assign(window, { Worker: Kept, workers });
  });
}

async function figure(page: Page, id: string): Promise<Locator> {
  const widget = page.locator(`#${id}`);
  await widget.scrollIntoViewIfNeeded();
  await expect(page.locator('astro-island[ssr]', { has: widget })).toHaveCount(0); // hydrated
  return widget;
}
const stat = async (widget: Locator, label: string): Promise<number> =>
  Number((await widget.locator('.stats .stat', { hasText: label }).first().locator('.value').innerText()).replace(',', '.').replace(/[^\d.-]/g, ''));
const state = (widget: Locator): Locator => widget.locator('[data-run]');

test('at rest every experiment shows its recording, and says so', async ({ page }) => {
  const seen = watch(page);
  await page.goto(CHAPTER);
  for (const id of ['birth', 'clones', 'markov', 'seeds', 'counter']) {
    const widget = await figure(page, id);
    await expect(widget).toHaveAttribute('data-badge', 'recording');
    expect(await widget.locator('svg[role=img] path').count(), `${id}: curves drawn`).toBeGreaterThan(1);
  }
  await expect(page.locator('#cliff')).toHaveAttribute('data-badge', 'live');
  await expect(page.locator('#birth')).toContainText('индукционная голова');
  expect(seen).toEqual({ errors: [], foreign: [] });
});

test('training lowers the loss; the heads are born; scrubbing goes back; the newborn head is missed', async ({ page }) => {
  test.setTimeout(TRAINING_MS + 120_000);
  const seen = watch(page);
  await page.goto(`${CHAPTER}?w-birth.seed=2`);
  const birth = await figure(page, 'birth');
  await birth.getByRole('button', { name: 'Обучить' }).click();
  await expect(birth).toHaveAttribute('data-badge', 'live', { timeout: 30_000 });
  const atStart = await stat(birth, 'потери');
  expect(atStart).toBeGreaterThan(3);
  await expect(state(birth)).toHaveAttribute('data-run', 'done', { timeout: TRAINING_MS });
  expect(await stat(birth, 'потери')).toBeLessThan(0.3);
  expect(await stat(birth, 'точность')).toBeGreaterThan(0.9);
  await expect(birth.locator('.heads .role', { hasText: 'инд.' }).first()).toBeVisible();
  await expect(birth.locator('.heads .role', { hasText: 'пред.' }).first()).toBeVisible();

  const slider = birth.locator('input[type=range]');
  await slider.focus();
  await page.keyboard.press('Home');
  expect(await stat(birth, 'шаг')).toBe(0);
  await expect(birth.locator('.heads .role')).toHaveCount(0);
  await page.keyboard.press('End');
  expect(await stat(birth, 'шаг')).toBe(700);

  await birth.getByRole('button', { name: 'Продолжить на 8 букв' }).click();
  await expect(birth.getByRole('textbox')).toHaveValue(/^вьюгашумитвьюгашумитвьюгашумитв/); // the model goes on with the repeat

  await birth.getByRole('button', { name: /^Отнять на шаге/ }).click();
  const bars = birth.locator('.knockouts');
  await expect(bars).toContainText('без всего слоя 1');
  const { violations } = await new AxeBuilder({ page }).include('#birth').exclude('.katex').analyze();
  expect(violations.map((v) => `${v.id}: ${v.nodes[0]?.target.join(' ')}`)).toEqual([]);
  expect(seen).toEqual({ errors: [], foreign: [] });
});

test('cancel answers within 200 ms, pause keeps the run', async ({ page }) => {
  await page.goto(CHAPTER);
  const birth = await figure(page, 'birth');
  await birth.getByRole('button', { name: 'Обучить' }).click();
  await expect(state(birth)).toHaveAttribute('data-run', 'running', { timeout: 30_000 });
  await expect(birth).toHaveAttribute('data-badge', 'live', { timeout: 30_000 });
  await birth.getByRole('button', { name: 'Пауза' }).click();
  await expect(state(birth)).toHaveAttribute('data-run', 'paused');
  await birth.getByRole('button', { name: 'Дальше' }).click();
  await expect(state(birth)).toHaveAttribute('data-run', 'running');
  const waited = await birth.evaluate(async (root) => {
    const button = [...root.querySelectorAll('button')].find((b) => b.textContent?.trim() === 'Остановить')!;
    const run = root.querySelector('[data-run]')!;
    const from = performance.now();
    button.click();
    while (run.getAttribute('data-run') !== 'cancelled') {
      if (performance.now() - from > 5000) break;
      await new Promise((r) => setTimeout(r, 1));
    }
    return performance.now() - from;
  });
  expect(waited).toBeLessThan(200);
  await expect(birth).toHaveAttribute('data-badge', 'live'); // what was measured stays
});

test('a killed worker leaves a sentence and the curve, and training can start again', async ({ page }) => {
  await keepWorkers(page);
  await page.goto(CHAPTER);
  const birth = await figure(page, 'birth');
  await birth.getByRole('button', { name: 'Обучить' }).click();
  await expect(birth).toHaveAttribute('data-badge', 'live', { timeout: 30_000 });
  await page.evaluate(() => { for (const w of (window as unknown as { workers: Worker[] }).workers) { w.terminate(); w.dispatchEvent(new ErrorEvent('error', { message: 'killed by the test' })); } });
  await expect(birth.getByRole('alert')).toContainText(/\S{3,}/, { timeout: 30_000 });
  expect(await birth.locator('svg path').count()).toBeGreaterThan(3);
  await birth.getByRole('button', { name: 'Повторить' }).click();
  await expect(state(birth)).toHaveAttribute('data-run', 'running', { timeout: 30_000 });
});

test('a permalink brings back the figure as it was left', async ({ page, context }) => {
  await page.goto(CHAPTER);
  const cliff = await figure(page, 'cliff');
  await cliff.getByRole('radio', { name: '2 части' }).check({ force: true });
  const clones = await figure(page, 'clones');
  await clones.getByRole('radio', { name: '0.1', exact: true }).check({ force: true });
  await expect.poll(() => new URL(page.url()).search).toContain('w-clones.noise=0.1');
  const other = await context.newPage();
  await other.goto(page.url());
  await expect((await figure(other, 'cliff')).getByRole('radio', { name: '2 части' })).toBeChecked();
  await expect((await figure(other, 'clones')).getByRole('radio', { name: '0.1', exact: true })).toBeChecked();
  await expect(other.locator('#clones')).toContainText('в конце, шум 0.1');
});

test('the map of heads is walked with the keyboard, and 320 px are enough', async ({ browser }) => {
  const page = await (await browser.newContext({ viewport: { width: 320, height: 700 } })).newPage();
  await page.goto(CHAPTER);
  const birth = await figure(page, 'birth');
  await birth.locator('.heads [data-at="0-0"]').focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await expect(birth.locator('.heads [data-at="1-1"]')).toHaveAttribute('aria-selected', 'true');
  for (const id of ['birth', 'clones', 'cliff', 'markov', 'seeds', 'counter']) {
    await figure(page, id);
    await expectNoSideScroll(page);
  }
  await page.context().close();
});
