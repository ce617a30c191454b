// The widget kit on its catalogue page: keyboard, speech, links, exports, highlight, themes, narrow screens.
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { readFile } from 'node:fs/promises';

// The offline worker would answer for a core that a test has taken away.
test.use({ serviceWorkers: 'block' });

const WIDGETS = ['kit-linked', 'kit-small', 'kit-heads', 'kit-training', 'kit-matrices', 'kit-live', 'kit-error'];

async function open(page: Page, query = '', theme: 'light' | 'dark' = 'light'): Promise<void> {
  await page.addInitScript((t) => localStorage.setItem('starlight-theme', t), theme);
  await page.goto(`./kit/${query}`);
  await page.locator('astro-island:not([ssr])').first().waitFor({ state: 'attached' });
}

async function axe(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).options({ resultTypes: ['violations'] }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']).include('main').analyze();
  expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')}`)).toEqual([]);
}

for (const theme of ['light', 'dark'] as const) {
  test(`axe finds nothing at rest, active and in error, ${theme}`, async ({ page }) => {
    test.setTimeout(240_000);
    await open(page, '', theme);
    await axe(page);
    await page.locator('#kit-linked').getByRole('grid', { name: 'Карта внимания' }).focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.locator('#kit-linked').getByRole('button', { name: 'Как это посчитано' }).click();
    await page.locator('#kit-linked').getByRole('button', { name: 'Сохранить' }).click();
    for (const id of ['kit-small', 'kit-training']) await page.locator(`#${id}`).getByRole('button', { name: 'таблицей' }).first().click();
    await page.locator('#kit-predict').getByRole('button', { name: 'Сравнить' }).click();
    await page.locator('#kit-choice').getByLabel('Ничего').check();
    await page.locator('#kit-error').getByRole('button', { name: 'Повторить' }).click();
    await axe(page);
  });
}

test('a matrix is one tab stop and speaks its rows', async ({ page }) => {
  await open(page);
  const widget = page.locator('#kit-small');
  const grid = widget.getByRole('grid', { name: 'Веса семи букв' });
  await grid.focus();
  await page.keyboard.press('Tab');
  await expect(widget.getByRole('button', { name: 'таблицей' }).first()).toBeFocused();
  await page.keyboard.press('Shift+Tab');
  await expect(grid).toBeFocused();
  const said = widget.locator('[aria-live]').first();
  await page.keyboard.press('Control+Home');
  await page.keyboard.press('ArrowDown');
  await expect(said).toHaveText(/^буква „б“ \(2\) смотрит на „а“ \(1\): 0,87/);
  const active = await grid.getAttribute('aria-activedescendant');
  await expect(page.locator(`[id="${active}"]`)).toHaveText('„б“ (2) → „а“ (1): 0,87');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await expect(page.locator(`[id="${await grid.getAttribute('aria-activedescendant')}"]`)).toHaveText('„б“ (2) → „р“ (3): закрыто маской');
});

test('hover previews, click locks, Esc releases, across map, strip and arcs', async ({ page }) => {
  await open(page);
  const widget = page.locator('#kit-linked');
  const cells = widget.locator('.cells');
  await cells.scrollIntoViewIfNeeded();
  const box = (await cells.boundingBox())!;
  const at = (row: number, col: number) => ({ x: ((col + 0.5) * box.width) / 19, y: ((row + 0.5) * box.height) / 19 });
  const query = widget.locator('.token.query');
  const key = widget.locator('.token.key');
  await cells.hover({ position: at(5, 4) });
  await expect(query).toHaveText('а, место 66');
  await expect(key).toHaveText('к, место 55');
  await expect(widget.locator('.arcs button.query')).toHaveText('а');
  await page.mouse.move(2, 2);
  await expect(query).toHaveCount(0);
  await cells.click({ position: at(5, 4) });
  await page.mouse.move(2, 2);
  await expect(query).toHaveCount(1);
  await page.keyboard.press('Escape');
  await expect(query).toHaveCount(0);
});

test('head grid: arrows, space, solo, and one head always stays', async ({ page }) => {
  await open(page);
  const grid = page.locator('#kit-heads').getByRole('grid', { name: 'индукционная оценка' });
  await grid.getByRole('gridcell').first().focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Space');
  await expect(grid.getByRole('gridcell').nth(1)).toHaveAttribute('aria-label', /выключена$/);
  await page.keyboard.press('Enter'); // solo of 0.1
  await expect(grid.locator('[aria-label$="выключена"]')).toHaveCount(7);
  await page.keyboard.press('Space');
  await expect(grid.locator('[aria-label$="выключена"]')).toHaveCount(7);
  await expect(page.locator('#kit-heads [aria-live]').first()).toHaveText('Последнюю голову выключить нельзя.');
  await page.keyboard.press('Enter');
  await expect(grid.locator('[aria-label$="выключена"]')).toHaveCount(0);
});

test('the state goes into the address and comes back; reset clears it', async ({ page, context }) => {
  await open(page, '?keep=1');
  const widget = page.locator('#kit-linked');
  await widget.getByLabel('Строка букв', { exact: true }).fill('мамаёq7мыла');
  await expect(widget.locator('.said')).toContainText('пропущено: «q», «7»');
  await widget.getByText('индукция', { exact: true }).click();
  await widget.getByLabel('причинная маска').uncheck();
  await expect(page).toHaveURL(/w-kit-linked\.causal=0/);
  const url = new URL(page.url());
  expect(url.searchParams.get('w-kit-linked.text')).toBe('мамаемыла');
  expect(url.searchParams.get('keep')).toBe('1');
  expect(url.searchParams.has('w-kit-linked.temperature')).toBe(false);

  const other = await context.newPage();
  await open(other, `${url.search}&w-kit-linked.head=99&w-none.x=1`.replace('w-kit-linked.head=2&', ''));
  await expect(other.locator('#kit-linked').getByLabel('Строка букв', { exact: true })).toHaveValue('мамаемыла');
  await expect(other.locator('#kit-linked').getByLabel('причинная маска')).not.toBeChecked();

  await widget.getByRole('button', { name: 'Сброс' }).click();
  await expect(page).toHaveURL(/\/kit\/\?keep=1$/);
  await expect(widget.getByLabel('Строка букв', { exact: true })).toHaveValue('абракадабраабракада');
});

test('a link to a place on the page leaves the state as it is', async ({ page }) => {
  await open(page);
  const widget = page.locator('#kit-linked');
  await widget.getByText('индукция', { exact: true }).click();
  await expect(page).toHaveURL(/w-kit-linked\.head=2/);
  // Before the address has heard of the change, the reader follows a link on the page: that pops a state as «back» does.
  const popped = page.evaluate(() => new Promise((done) => addEventListener('popstate', done, { once: true })).then(() => true));
  await widget.getByLabel('причинная маска').evaluate((box: HTMLInputElement) => { box.click(); location.hash = 'kit-heads'; });
  expect(await popped).toBe(true);
  await expect(page).toHaveURL(/w-kit-linked\.causal=0.*#kit-heads$/);
  await expect(widget.getByLabel('причинная маска')).not.toBeChecked();
  // «Back» to an address that says otherwise is heard.
  await page.goBack();
  await expect(widget.getByLabel('причинная маска')).toBeChecked();
});

test('the focus stays when what had it goes away', async ({ page }) => {
  await open(page);
  const card = page.locator('#kit-predict');
  await card.getByRole('button', { name: 'Сравнить' }).press('Enter');
  await expect(card.getByRole('button', { name: 'Ещё раз' })).toBeFocused();
  const widget = page.locator('#kit-heads');
  await widget.getByRole('button', { name: 'Сохранить' }).press('Enter');
  const saved = page.waitForEvent('download');
  await widget.getByRole('button', { name: 'CSV' }).first().press('Enter');
  await saved;
  await expect(widget.getByRole('button', { name: 'Сохранить' })).toBeFocused();
});

test('the link is copied, with a confirmation', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await open(page);
  const widget = page.locator('#kit-linked');
  await widget.getByText('текущий', { exact: true }).click();
  await widget.getByRole('button', { name: 'Скопировать ссылку' }).click();
  await expect(widget.locator('.say')).toHaveText('Ссылка на этот рисунок скопирована.');
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/\/kit\/\?w-kit-linked\.head=0#kit-linked$/);
});

test('every export is a file with the right contents', async ({ page }) => {
  await open(page);
  let files = 0;
  for (const id of WIDGETS) {
    const widget = page.locator(`#${id}`);
    const save = widget.getByRole('button', { name: 'Сохранить', exact: true });
    if ((await save.count()) === 0) continue;
    await save.click();
    const formats = await widget.locator('.menu button').allTextContents();
    await page.keyboard.press('Escape');
    await save.focus();
    for (let i = 0; i < formats.length; i += 1) {
      await save.click();
      const waiting = page.waitForEvent('download');
      await widget.locator('.menu button').nth(i).click();
      const file = await waiting;
      const bytes = await readFile((await file.path())!);
      const name = file.suggestedFilename();
      expect(bytes.length, name).toBeGreaterThan(20);
      if (formats[i] === 'PNG') expect(bytes.subarray(1, 4).toString(), name).toBe('PNG');
      if (formats[i] === 'SVG') {
        const bad = await page.evaluate((s) => new DOMParser().parseFromString(s, 'image/svg+xml').querySelector('parsererror')?.textContent ?? '', bytes.toString());
        expect(bad, name).toBe('');
        expect(bytes.toString(), name).not.toContain('var(--');
      }
      if (formats[i] === 'CSV') expect(bytes.toString().split('\r\n').length, name).toBeGreaterThan(2);
      files += 1;
    }
  }
  expect(files).toBeGreaterThanOrEqual(20);
});

test('training curves scrub by slider, by milestone and by table', async ({ page }) => {
  await open(page);
  const widget = page.locator('#kit-training');
  const slider = widget.getByRole('slider').first();
  await slider.focus();
  await page.keyboard.press('Home');
  await expect(widget.locator('.readout').first()).toContainText('шаг 0');
  await widget.getByRole('button', { name: 'индукционная голова' }).click();
  await expect(widget.locator('.readout').first()).toContainText(/шаг 2[34]0/);
  await widget.getByRole('button', { name: 'таблицей' }).first().click();
  await expect(widget.getByRole('table').first().getByRole('row')).toHaveCount(72);
});

test('a prediction always sums to 100 %, is compared, and is remembered', async ({ page }) => {
  await open(page);
  const card = page.locator('#kit-predict');
  const bar = card.getByRole('slider', { name: 'доля «б»' });
  await bar.focus();
  for (let i = 0; i < 5; i += 1) await page.keyboard.press('PageUp');
  await expect(bar).toHaveAttribute('aria-valuenow', '70');
  const shares = await card.getByRole('slider').evaluateAll((all) => all.map((x) => Number(x.getAttribute('aria-valuenow'))));
  expect(Math.abs(shares.reduce((a, b) => a + b, 0) - 100)).toBeLessThanOrEqual(3);
  await expect(card.locator('.explain')).toBeHidden();
  await card.getByRole('button', { name: 'Сравнить' }).click();
  await expect(card.locator('.verdict')).toContainText('KL(измерено ‖ ваше) =');
  await expect(card.locator('.explain')).toBeVisible();
  await page.reload();
  await expect(card.locator('.verdict')).toBeVisible();
});

test('the error keeps the figure and can be retried', async ({ page }) => {
  await open(page);
  const widget = page.locator('#kit-error');
  await expect(widget.getByRole('alert')).toContainText('нет сети. На рисунке — запись.');
  await expect(widget.getByRole('grid')).toBeVisible();
  await widget.getByRole('button', { name: 'Повторить' }).click();
  await expect(widget.locator('output')).toHaveText('1');
});

test('at 320 px nothing scrolls sideways but matrices in their own boxes', async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  await open(page);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  await page.locator('#kit-linked').getByLabel('Строка букв', { exact: true }).fill('абвгдежзийклмнопрстуфхцчшщъыьэюяабвгдежзийклмноп');
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
});

test('figures are there before scripts, and do not move when they wake', async ({ browser, baseURL }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(new URL('kit/', `${baseURL!.replace(/\/?$/, '/')}`).href);
  const cells = page.locator('#kit-small .cells').first();
  await expect(cells.locator('.stamp')).toBeVisible();
  const before = await page.locator('#kit-small').boundingBox();
  await context.close();
  const live = await browser.newPage();
  await live.goto(new URL('kit/', `${baseURL!.replace(/\/?$/, '/')}`).href);
  await live.locator('#kit-small .stamp').first().waitFor({ state: 'detached' });
  const after = await live.locator('#kit-small').boundingBox();
  expect(Math.abs(after!.height - before!.height)).toBeLessThanOrEqual(1);
  expect(Math.abs(after!.y - before!.y)).toBeLessThanOrEqual(2);
});

test('canvases follow the theme', async ({ page }) => {
  await open(page);
  const pixel = () =>
    page.locator('#kit-small canvas').first().evaluate((c) => {
      const canvas = c as HTMLCanvasElement;
      return [...canvas.getContext('2d')!.getImageData(Math.floor(canvas.width * 0.02), Math.floor(canvas.height * 0.95), 1, 1).data].slice(0, 3);
    });
  await page.locator('#kit-small .stamp').first().waitFor({ state: 'detached' });
  const light = await pixel();
  await page.evaluate(() => (document.documentElement.dataset.theme = 'dark'));
  await expect.poll(pixel).not.toEqual(light);
  const dark = await pixel();
  expect(Math.max(...light)).toBeGreaterThan(200);
  expect(Math.max(...dark)).toBeLessThan(90);
});

test('the recording gives way to a live result; a broken core leaves it and says so; retrying works', async ({ page }) => {
  let broken = true;
  await page.route('**/core/**', (route) => (broken ? route.abort() : route.continue()));
  await open(page);
  const widget = page.locator('#kit-live');
  await widget.scrollIntoViewIfNeeded();
  await expect(widget.getByRole('alert')).toContainText('запись', { timeout: 20_000 });
  await expect(widget).toHaveAttribute('data-badge', 'recording');
  await expect(widget.getByRole('grid')).toBeVisible();
  broken = false;
  const built = (await page.request.get('./core/manifest.json')).ok();
  test.skip(!built, 'the site was built without the WASM core');
  await widget.getByRole('button', { name: 'Повторить' }).click();
  await expect(widget).toHaveAttribute('data-badge', 'live', { timeout: 30_000 });
  await expect(widget.getByRole('alert')).toHaveCount(0);
  const summary = () => widget.locator('[role=gridcell]').first().evaluate((c) => c.parentElement?.textContent ?? '');
  await widget.getByRole('grid').focus();
  await page.keyboard.press('End');
  await page.keyboard.press('Control+End');
  const first = await summary();
  await widget.getByLabel('Зерно').fill('8');
  await widget.getByLabel('Зерно').press('Enter');
  await expect.poll(summary, { timeout: 20_000 }).not.toEqual(first);
});
