import fs from 'node:fs';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { serve } from '../../web/scripts/serve.mjs';
import { chapters, dist, expectNoSideScroll, expectNoViolations, filePath, pages, unfold, watch } from './site';

const web = fileURLToPath(new URL('../../web/', import.meta.url));

test('something was built', () => { expect(pages).toContain(''); expect(chapters.length).toBeGreaterThan(0); });

for (const page of pages) {
  const name = page || 'front page';
  test(`${name}: loads without errors or foreign requests`, async ({ page: tab }) => {
    const seen = watch(tab);
    let weight = 0; // compressed, as GitHub Pages sends it; models and the core have budgets of their own
    const counts = (url: string) => !/\.safetensors$|\/core\//.test(url);
    tab.on('requestfinished', (r) => void r.sizes().then((s) => { if (counts(r.url()) && !r.serviceWorker()) weight += s.responseBodySize; }));
    await tab.goto(page);
    await expect(tab.locator('h1')).toHaveCount(1);
    await expect(tab.locator('h1')).toBeVisible();
    expect(await tab.locator('html').getAttribute('lang')).toBe('ru');
    await tab.waitForLoadState('networkidle');
    expect(seen).toEqual({ errors: [], foreign: [] });
    // Two ratchets; the bar for a chapter is 250 KB. As it opens (HTML, styles, scripts, faces, recordings of the figures at hand), the
    // heaviest, chapter 7, weighs 245 KB; a phone's first screen has no formula and asks for 20 KB less of faces.
    if (page !== 'kit/') expect(weight).toBeLessThan(250 * 1024);
    if (!chapters.includes(page)) return;
    // Read to its end, every figure alive: 209-304, the heaviest is chapter 10.
    for (let y = 0; y < await tab.evaluate(() => document.documentElement.scrollHeight); y += 700) { await tab.evaluate((to) => scrollTo({ top: to, behavior: 'instant' }), y); await tab.waitForTimeout(40); }
    await tab.waitForLoadState('networkidle');
    expect(weight).toBeLessThan(312 * 1024);
    // A face that a browser refuses leaves a page in the fallbacks, which look almost right. (Those are local faces, «Golos Noto» and the
    // like, and may well be absent.)
    expect(await tab.evaluate(() => [...document.fonts].filter((f) => f.status === 'error' && !/^"?(Literata|Golos) /.test(f.family)).map((f) => `${f.family} ${f.weight} ${f.style}`))).toEqual([]);
  });

  test(`${name}: no sideways scroll at 320 px`, async ({ browser }) => {
    const tab = await (await browser.newContext({ viewport: { width: 320, height: 640 } })).newPage();
    await tab.goto(page);
    await expectNoSideScroll(tab);
    await tab.evaluate(() => scrollTo(0, document.body.scrollHeight));
    await tab.waitForTimeout(500);
    await expectNoSideScroll(tab);
    await tab.context().close();
  });

  for (const theme of ['light', 'dark'] as const)
    test(`${name}: axe finds nothing, ${theme}`, async ({ browser }) => {
      const tab = await (await browser.newContext({ colorScheme: theme, viewport: { width: 1280, height: 900 } })).newPage();
      await tab.goto(page);
      await unfold(tab);
      expect(await tab.locator('html').getAttribute('data-theme')).toBe(theme);
      // Formulas are left out for time's sake: their HTML is hidden from assistive technology, their colours are checked by palette.test.ts.
      await expectNoViolations(new AxeBuilder({ page: tab }).exclude('.katex'));
      await tab.context().close();
    });
}

test('links inside the site lead somewhere', () => {
  const ids = new Map<string, Set<string>>();
  const html = (page: string): string => fs.readFileSync(filePath(page), 'utf8');
  for (const page of pages) ids.set(page, new Set([...html(page).matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id)));
  const dead: string[] = [];
  for (const page of pages) for (const [, link] of html(page).matchAll(/<a\b[^>]*\shref="([^"]*)"/g)) {
    if (/^(https?|mailto):/.test(link)) continue;
    const url = new URL(link.replaceAll('&amp;', '&'), `http://x/${page}`);
    const to = decodeURIComponent(url.pathname.slice(1)).replace(/([^/])$/, '$1/');
    const file = path.join(dist, decodeURIComponent(url.pathname));
    if (!ids.has(to) && !(fs.existsSync(file) && fs.statSync(file).isFile())) dead.push(`${page || '/'} → ${link}`);
    else if (url.hash && ids.has(to) && !ids.get(to)!.has(decodeURIComponent(url.hash.slice(1)))) dead.push(`${page || '/'} → ${link} (no such place)`);
  }
  expect([...new Set(dead)]).toEqual([]);
});

for (const chapter of chapters)
  test(`${chapter}: every sign of a formula is drawn by a face of KaTeX`, async ({ page }) => {
    await page.goto(chapter);
    await unfold(page);
    await page.evaluate(async () => {
      // Cyrillic inside \text{} is the text face's, so is the punctuation after a formula, and a zero-width space is drawn by nobody.
      // Each run of signs gets a span of its own: the browser names the fonts of an element with all that is in it.
      const sign = (text: string): boolean => /[^\s\u200b«»—–,.]/u.test(text) && !/\p{Script=Cyrillic}/u.test(text);
      for (const e of document.querySelectorAll('.katex-html :not(.tail), svg text.math')) for (const n of [...e.childNodes]) {
        if (!(n instanceof Text) || !sign(n.data)) continue;
        if (e instanceof SVGElement) { e.setAttribute('data-sign', ''); continue; }
        const run = document.createElement('span');
        run.setAttribute('data-sign', '');
        n.replaceWith(run);
        run.append(n);
      }
      await document.fonts.ready;
    });
    // A line of a formula is no wider than the column of a wide screen.
    expect(await page.locator('.katex-display').evaluateAll((all) => all.filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.querySelector('math')!.textContent!.slice(0, 80)))).toEqual([]);
    const cdp = await page.context().newCDPSession(page);
    await cdp.send('DOM.enable');
    await cdp.send('CSS.enable');
    const { root } = await cdp.send('DOM.getDocument', { depth: 0 });
    const { nodeIds } = await cdp.send('DOM.querySelectorAll', { nodeId: root.nodeId, selector: '[data-sign]' });
    expect(nodeIds.length).toBeGreaterThan(40); // the conclusion has the fewest
    const strange = new Set<string>();
    for (const nodeId of nodeIds) {
      const { fonts } = await cdp.send('CSS.getPlatformFontsForNode', { nodeId });
      for (const f of fonts) if (!f.familyName.startsWith('KaTeX')) strange.add(`${f.familyName}: ${(await cdp.send('DOM.getOuterHTML', { nodeId })).outerHTML.slice(0, 120)}`);
    }
    expect([...strange]).toEqual([]);
  });

test('a figure waits for a reader, and what wakes it is not lost', async ({ page }) => {
  await page.goto(chapters[0]!);
  const island = page.locator('astro-island', { has: page.locator('section.widget') }).first();
  await page.waitForTimeout(1500);
  await expect(island).toHaveAttribute('ssr', '');
  expect(page.workers()).toHaveLength(0);
  const how = island.getByRole('button', { name: 'Как это посчитано' });
  await how.focus(); // a sign of a reader; the key falls on a figure without scripts
  await page.keyboard.press('Enter');
  await expect(how).toHaveAttribute('aria-expanded', 'true');
  await expect(island).not.toHaveAttribute('ssr', '');
});

test('what is pressed before any script has come is not lost', async ({ browser }) => {
  const context = await browser.newContext({ serviceWorkers: 'block' }); // the scripts are to come from afar
  const page = await context.newPage();
  await page.route('**/_astro/*.js', async (route) => { await new Promise((r) => setTimeout(r, 2000)); await route.continue(); });
  for (const where of [chapters[0]!, 'atlas/']) { // figures that wait for a reader, and those that do not
    await page.goto(where, { waitUntil: 'commit' });
    const how = page.locator('section.widget').first().getByRole('button', { name: 'Как это посчитано' });
    await how.click();
    expect(await how.getAttribute('aria-expanded')).toBe('false'); // nobody has heard it yet
    await expect(how).toHaveAttribute('aria-expanded', 'true', { timeout: 20_000 });
  }
  await context.close();
});

test('the contents list all chapters, and the unwritten ones say so and are not links', async ({ page }) => {
  const plan = JSON.parse(fs.readFileSync(new URL('../../chapters/course.json', import.meta.url), 'utf8'));
  await page.goto('');
  const items = page.locator('.part li');
  await expect(items).toHaveCount(plan.chapters.length + 1);
  for (const { slug, title } of [...plan.chapters, plan.conclusion]) {
    const written = chapters.includes(`${slug}/`);
    const item = items.filter({ has: page.locator('.name', { hasText: title.replaceAll(' ', '\u00a0').length ? new RegExp(`^${title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(' ', '\\s')}$`) : title }) });
    await expect(item).toHaveCount(1);
    await expect(item.locator('a')).toHaveCount(written ? 1 : 0);
    if (!written) await expect(item).toContainText('ещё не написана');
  }
});

test('a page that does not exist says so and leads back', async ({ page }) => {
  const answer = await page.goto('no-such-page/');
  expect(answer!.status()).toBe(404);
  await expect(page.locator('h1')).toContainText('Такой страницы нет');
  await page.getByRole('main').getByRole('link', { name: 'в оглавлении' }).click();
  await expect(page.locator('h1')).toContainText('Анатомия внимания');
});

test('search stems Russian words, works from the keyboard and leads to the place', async ({ page }) => {
  const seen = watch(page);
  await page.goto('about/');
  await page.keyboard.press('/');
  const box = page.getByRole('searchbox');
  await expect(box).toBeFocused();
  await box.fill('остаточными потоками'); // the pages say «остаточный поток», «остаточного потока»
  const results = page.locator('#search-results a');
  await expect(results.first()).toBeVisible();
  await expect(page.locator('#search-results')).toContainText(/остаточн/i);
  await expect(page.locator('#search-results mark').first()).not.toHaveCSS('background-color', 'rgb(255, 255, 0)'); // the course's colour, not the browser's
  await page.keyboard.press('ArrowDown');
  await expect(results.first()).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page).not.toHaveURL(/about/);
  await page.goBack();
  await page.keyboard.press('Control+k');
  for (const nonsense of ['שלום', 'zzzzqq']) { // Pagefind falls back to prefixes, down to every «Z.»
    await box.fill(nonsense);
    await expect(page.locator('#search-status')).toContainText(`По запросу «${nonsense}» ничего нет`);
  }
  await page.keyboard.press('Escape');
  await expect(page.locator('#search')).not.toBeVisible();
  expect(seen).toEqual({ errors: [], foreign: [] });
});

test('the theme follows the system until the reader chooses, and the choice stays', async ({ browser }) => {
  const context = await browser.newContext({ colorScheme: 'light' });
  const page = await context.newPage();
  await page.goto('');
  const html = page.locator('html');
  await expect(html).toHaveAttribute('data-theme', 'light');
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect(html).toHaveAttribute('data-theme', 'dark');
  const button = page.getByRole('button', { name: 'Тёмная тема' });
  await expect(button).toHaveAttribute('aria-pressed', 'true');
  await button.click();
  await expect(html).toHaveAttribute('data-theme', 'light');
  await page.goto('about/');
  await expect(html).toHaveAttribute('data-theme', 'light');
  await context.close();
});

test('the drawer opens, moves and closes from the keyboard', async ({ page }) => {
  await page.goto('about/');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'К тексту страницы' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('h1')).toBeFocused();
  await page.getByRole('button', { name: 'Оглавление' }).focus();
  await page.keyboard.press('Enter');
  const drawer = page.getByRole('navigation', { name: 'Оглавление курса' });
  await expect(drawer).toBeVisible();
  await page.keyboard.press('Tab');
  await expect(drawer.getByRole('link').first()).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(drawer).not.toBeVisible();
  await page.keyboard.press('Enter');
  await drawer.getByRole('link', { name: 'Словарь' }).click();
  await expect(page.locator('h1')).toContainText('Словарь');
});

for (const chapter of chapters) {
  test(`${chapter}: citations open their card, formulas are read aloud, sections stand in order`, async ({ page }) => {
    await page.goto(chapter);
    const cite = page.locator('a.cite').first();
    await cite.focus();
    const card = page.locator('#cite-card');
    await expect(card).toBeVisible();
    // The words stand once on the page: in the list of sources, or else with the citation itself.
    const key = new URL((await cite.getAttribute('href'))!, page.url()).hash.slice(1);
    const full = (await cite.getAttribute('data-full')) ?? (await page.locator(`#source-${key} .source-ref`).textContent())!;
    expect(full.length).toBeGreaterThan(20);
    await expect(card).toHaveText(full.replace(/\s+/g, ' ').trim());
    await page.keyboard.press('Escape');
    await expect(card).not.toBeVisible();
    expect(await page.locator('.katex-mathml math').count()).toBe(await page.locator('.katex').count());
    const headings = await page.locator('.prose > h2').evaluateAll((all) => all.map((h) => h.textContent!.replace(/\s/g, ' ').trim()));
    const order = ['Суть вопроса', 'Архитектура', 'Математика', 'История', 'В реальных моделях', 'Эмпирика', 'Комментарий', 'Проверьте себя', 'Источники'];
    const bound = /^\d/.test(chapter) ? order : order.slice(-2); // the conclusion is free in its sections, and ends as all do
    expect(headings.filter((h) => h !== 'Примечания').slice(-bound.length)).toEqual(bound);
    if (bound === order) expect(headings.filter((h) => h !== 'Примечания')).toHaveLength(order.length);
  });

  test(`${chapter}: the second visit works without a network`, async ({ browser }) => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(chapter);
    // The worker says when the page and all it needs is kept.
    await page.evaluate(() => new Promise<void>((done) => {
      navigator.serviceWorker.addEventListener('message', ({ data }) => { if (data.kind === 'page-kept') done(); });
      void navigator.serviceWorker.ready.then(({ active }) => active!.postMessage({ kind: 'visited', url: location.href }));
    }));
    await context.setOffline(true);
    const seen = watch(page);
    await page.reload();
    await expect(page.locator('h1')).toBeVisible();
    await page.evaluate(async () => { for (let y = 0; y < document.body.scrollHeight; y += 700) { scrollTo(0, y); await new Promise((r) => setTimeout(r, 60)); } });
    await page.waitForTimeout(500);
    expect(seen.errors).toEqual([]);
    expect(await page.evaluate(() => document.fonts.check('16px Literata', 'голова'))).toBe(true);
    await page.goto('');
    await expect(page.locator('h1')).toContainText('Анатомия');
    await page.goto('bibliography/').catch(() => undefined);
    await expect(page.locator('h1')).toContainText('Нет сети');
    await context.close();
  });
}

test('a new build replaces the kept pages', async ({ browser }) => {
  test.setTimeout(90_000);
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'course-sw-'));
  fs.cpSync(dist, copy, { recursive: true });
  const { server, url } = await serve({ dir: copy, base: '/a/' });
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${url}offline/`);
  await page.evaluate(() => navigator.serviceWorker.register('/a/sw.js', { scope: '/a/' }).then(() => navigator.serviceWorker.ready).then(() => undefined));
  const file = path.join(copy, 'offline/index.html');
  fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replaceAll('Нет сети', 'Новая сборка'));
  fs.writeFileSync(path.join(copy, 'sw.js'), `// another build\n${fs.readFileSync(path.join(copy, 'sw.js'), 'utf8')}`);
  // Network first: at once, or at the next visit where the network took more than three seconds.
  await expect(async () => { await page.reload(); await expect(page.locator('h1')).toContainText('Новая сборка', { timeout: 1000 }); }).toPass();
  await page.evaluate(async () => {
    const registration = (await navigator.serviceWorker.getRegistration('/a/'))!;
    await registration.update();
    const fresh = registration.installing ?? registration.waiting ?? registration.active!;
    while (fresh.state !== 'activated') await new Promise((r) => setTimeout(r, 50));
  });
  await context.setOffline(true);
  await page.reload();
  await expect(page.locator('h1')).toContainText('Новая сборка');
  await context.close();
  server.close();
  fs.rmSync(copy, { recursive: true });
});

test('the course lives under a sub-path', async ({ browser }) => {
  test.setTimeout(240_000);
  const out = fs.mkdtempSync(path.join(os.tmpdir(), 'course-base-'));
  execFileSync('npx', ['astro', 'build', '--outDir', out], { cwd: web, stdio: 'pipe', env: { ...process.env, COURSE_BASE: '/sub/path/', ASTRO_TELEMETRY_DISABLED: '1' } });
  const { server, url } = await serve({ dir: out, base: '/sub/path/' });
  const context = await browser.newContext();
  const page = await context.newPage();
  const seen = watch(page);
  const outside: string[] = [];
  page.on('request', (r) => { if (r.url().startsWith('http') && !r.url().startsWith(url)) outside.push(r.url()); });
  page.on('response', (r) => { if (r.status() >= 400) outside.push(`${r.status()} ${r.url()}`); });
  for (const p of ['', 'glossary/', ...chapters]) { await page.goto(url + p); await page.waitForTimeout(400); }
  await page.keyboard.press('Control+k');
  await page.getByRole('searchbox').fill('голова');
  await page.locator('#search-results a').first().click();
  await expect(page).toHaveURL(new RegExp('/sub/path/'));
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  expect({ outside, errors: seen.errors }).toEqual({ outside: [], errors: [] });
  await context.close();
  server.close();
  fs.rmSync(out, { recursive: true });
});
