import fs from 'node:fs';
import path from 'node:path';
import crypto from 'node:crypto';
import { fileURLToPath } from 'node:url';

// After the build: what each page needs (found by following file names, which carry hashes, from file to file) goes into
// the service worker, and each page gets a Content-Security-Policy with the hashes of its own inline scripts.

function* walk(folder, prefix = '') {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const name = prefix + entry.name;
    if (entry.isDirectory()) yield* walk(path.join(folder, entry.name), `${name}/`);
    else yield name;
  }
}
// Pagefind brings four interfaces of its own and the words of no language; the course has its own dialog and is in Russian.
const unused = /^pagefind\/(pagefind-(ui|modular-ui|component-ui|highlight)\.(js|css)|wasm\.unknown\.pagefind)$/;
const readable = /\.(html|m?js|css|json)$/;

/** Files that `start` mentions, directly or through other files; `texts` maps a file to its text. */
export function closure(start, names, texts) {
  const found = new Set();
  const queue = [start];
  while (queue.length > 0) {
    const text = texts.get(queue.pop()) ?? '';
    for (const [tail, file] of names) if (!found.has(file) && text.includes(tail)) { found.add(file); queue.push(file); }
  }
  return found;
}

export function policy(html) {
  const hashes = new Set();
  for (const [, attributes, body] of html.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script>/g))
    if (!/\bsrc=/.test(attributes) && !/type="application\/(ld\+)?json"/.test(attributes) && body)
      hashes.add(`'sha256-${crypto.createHash('sha256').update(body).digest('base64')}'`);
  return [
    "default-src 'self'", `script-src 'self' 'wasm-unsafe-eval' ${[...hashes].join(' ')}`, "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:", "font-src 'self'", "connect-src 'self' data: blob:", "worker-src 'self' blob:",
    "object-src 'none'", "base-uri 'none'", "form-action 'self'",
  ].join('; ');
}

export default function offline() {
  return {
    name: 'course:offline',
    hooks: {
      'astro:build:done': ({ dir, logger }) => {
        const dist = fileURLToPath(dir);
        for (const f of [...walk(dist)].filter((name) => unused.test(name))) fs.rmSync(path.join(dist, f));
        const files = [...walk(dist)].filter((f) => f !== 'sw.js' && !f.startsWith('sitemap'));
        const texts = new Map(files.filter((f) => readable.test(f) && !f.startsWith('pagefind/')).map((f) => [f, fs.readFileSync(path.join(dist, f), 'utf8')]));

        for (const [file, html] of texts)
          if (file.endsWith('.html')) fs.writeFileSync(path.join(dist, file), html.replace(/<meta charset="utf-8"\/?>/i, (charset) => `${charset}<meta http-equiv="Content-Security-Policy" content="${policy(html)}">`));

        const assets = files.filter((f) => !f.endsWith('.html') && !f.startsWith('pagefind/'));
        // Hashed names are told apart by themselves; the others (core/attn.wasm, models/…) by their last two steps at most.
        const names = assets.map((f) => [f.startsWith('_astro/') ? path.basename(f) : f, f]);
        const list = [...assets, ...files.filter((f) => f.startsWith('pagefind/'))];
        const number = new Map(list.map((f, i) => [f, i]));
        // Every reader keeps the small module; the large one comes with the first page that asks for it.
        const ofModule = (name) => assets.filter((f) => f.startsWith(`core/attn-${name}.`));
        const lab = (file) => (/<meta name="engine" content="lab"/.test(texts.get(file)) ? ofModule('lab') : []);
        const pages = {};
        for (const file of texts.keys()) {
          if (!file.endsWith('.html')) continue;
          const page = file === '404.html' ? '404.html' : file.replace(/index\.html$/, '');
          if (page !== '404.html') pages[page] = [...closure(file, names, texts), ...lab(file)].map((f) => number.get(f)).sort((a, b) => a - b);
        }
        const core = ['core/manifest.json', ...ofModule('core')].filter((f) => number.has(f)).map((f) => number.get(f));
        const first = [...new Set([...(pages[''] ?? []), ...(pages['offline/'] ?? []), ...core])];
        const fingerprint = crypto.createHash('sha256');
        for (const f of [...list, ...texts.keys()]) fingerprint.update(f).update(fs.readFileSync(path.join(dist, f)));

        const template = fs.readFileSync(new URL('./sw.js', import.meta.url), 'utf8');
        const fill = (name, value) => (text) => text.replace(new RegExp(`/\\* ${name} \\*/ (\\[\\]|\\{\\})`), () => JSON.stringify(value));
        const shellPages = ['', 'offline/'].filter((p) => p in pages);
        const build = fingerprint.digest('hex').slice(0, 12);
        const filled = [fill('build', [build]), fill('files', [...list, ...shellPages]), fill('pages', pages), fill('shell', [...first, ...shellPages.map((_, i) => list.length + i)])].reduce((text, f) => f(text), template);
        fs.writeFileSync(path.join(dist, 'sw.js'), `// ${build}\n${filled}`);
        logger.info(`${Object.keys(pages).length} pages, ${list.length} files in the service worker`);
      },
    },
  };
}
