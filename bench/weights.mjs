// What a page weighs, gzipped as a server would send it, in two states: opened and left alone for two seconds (what every visitor
// pays), then scrolled to its end so that each figure goes live. Counted are HTML, styles, scripts, faces and recordings; the core
// and the models have columns of their own. Then the whole folder and the core, against their bars.
//   node bench/weights.mjs [WIDTH]    (of the screen, 1280 or 390 …; needs web/dist)
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { serve } from '../web/scripts/serve.mjs';
import { withBrowser } from './browser.mjs';
import { record } from './results.mjs';

const width = Number(process.argv[2] ?? 1280);
const dist = fileURLToPath(new URL('../web/dist/', import.meta.url));
const files = fs.readdirSync(dist, { recursive: true, withFileTypes: true }).filter((f) => f.isFile()).map((f) => path.join(f.parentPath, f.name));
const pages = files.filter((f) => f.endsWith('/index.html')).map((f) => path.relative(dist, path.dirname(f))).map((p) => (p ? `${p}/` : '')).sort();

const kinds = [['models', /\.safetensors$/], ['core', /\/core\//], ['js', /\.m?js$/], ['css', /\.css$/], ['fonts', /\.woff2?$/], ['html', /\/$|\.html$/], ['other', /./]];
const compressed = /\.(woff2|png|jpe?g|webp)$/; // gzip gains nothing; a server sends them as they are
const weigh = (body, name) => (compressed.test(name) ? body.length : Math.min(body.length, zlib.gzipSync(body, { level: 6 }).length));

function weights(names) {
  const parts = Object.fromEntries(kinds.map(([name]) => [name, 0]));
  for (const name of names) {
    const file = path.join(dist, decodeURIComponent(name), name.endsWith('/') ? 'index.html' : '');
    if (fs.existsSync(file)) parts[kinds.find(([, pattern]) => pattern.test(name))[0]] += weigh(fs.readFileSync(file), name);
  }
  return parts;
}
/** Without what has a bar or a ledger of its own. */
const own = (parts) => Object.entries(parts).reduce((sum, [name, n]) => sum + (name === 'models' || name === 'core' ? 0 : n), 0);

const { server, url } = await serve({ dir: dist });
const rows = [];
try {
  await withBrowser(async (browser) => {
    for (const page of pages) {
      const context = await browser.newContext({ serviceWorkers: 'block', viewport: { width, height: 900 } });
      const tab = await context.newPage();
      const loaded = new Set(), foreign = [];
      context.on('request', (r) => { if (r.url().startsWith(url)) loaded.add(new URL(r.url()).pathname); else if (/^http/.test(r.url())) foreign.push(r.url()); });
      await tab.goto(url + page, { waitUntil: 'load' });
      await tab.waitForTimeout(2000);
      const opened = new Set(loaded);
      // The page grows while it is scrolled: what is far from the screen has an estimated height until then.
      for (let y = 0; y < await tab.evaluate(() => document.documentElement.scrollHeight); y += 700) { await tab.evaluate((to) => scrollTo({ top: to, behavior: 'instant' }), y); await tab.waitForTimeout(40); }
      await tab.waitForLoadState('networkidle').catch(() => {});
      const [first, parts] = [weights(opened), weights(loaded)];
      rows.push({ page, first: own(first), total: own(parts), parts, requests: loaded.size, foreign, loaded: [...loaded] });
      await context.close();
    }
  });
} finally {
  server.close();
}

const kb = (n) => (n / 1024).toFixed(1);
const columns = ['html', 'css', 'js', 'fonts', 'other'];
console.log(`at ${width} px,`, 'KB as sent (gzip 6): opened; scrolled to the end; its parts; beside it the core and the models');
console.log('page'.padEnd(24), ...['opened', 'to the end', ...columns, 'core', 'models'].map((n) => n.padStart(10)));
for (const r of rows) console.log((r.page || '(front)').padEnd(24), ...[r.first, r.total, ...[...columns, 'core', 'models'].map((n) => r.parts[n])].map((n) => kb(n).padStart(10)), r.foreign.length ? ` third-party: ${r.foreign}` : '');

const whole = files.reduce((sum, f) => sum + weigh(fs.readFileSync(f), f), 0); // as sent, like everything here
const cores = files.filter((f) => /\/core\/.*\.wasm$/.test(f)).map((f) => ({ name: path.basename(f), gz: zlib.gzipSync(fs.readFileSync(f), { level: 9 }).length }));
const chapters = rows.filter((r) => /^\d\d-|^conclusion/.test(r.page));
const heaviest = (of) => chapters.reduce((a, b) => (of(b) > of(a) ? b : a));
const bar = (what, of) => { if (chapters.length === 0) return []; const r = heaviest(of); return [[`heaviest chapter ${what}: ${r.page} ${kb(of(r))} KB`, of(r) <= 250 * 1024, '250 KB']]; };
const bars = [
  [`whole dist ${(whole / 2 ** 20).toFixed(2)} MB`, whole <= 12 * 2 ** 20, '12 MB'],
  // The bar is for what every page with a live figure loads; attn-lab has a ratchet in tests/wasm/bindings.test.mjs.
  ...cores.filter((c) => c.name.startsWith('attn-core.')).map((c) => [`${c.name} ${kb(c.gz)} KB gz`, c.gz <= 150 * 1024, '150 KB']),
  ...bar('opened', (r) => r.first), ...bar('to the end', (r) => r.total), ...bar('to the end, with the core', (r) => r.total + r.parts.core),
  [`third-party requests ${rows.reduce((n, r) => n + r.foreign.length, 0)}`, rows.every((r) => !r.foreign.length), '0'],
];
for (const [what, met, bar] of bars) console.log(`${met ? 'ok   ' : 'OVER '} ${what} (bar ${bar})`);
record('weights', { width, whole, cores, rows });
if (bars.some(([, met]) => !met)) process.exitCode = 1;
