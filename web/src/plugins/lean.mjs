import fs from 'node:fs';
import path from 'node:path';
import crypto from 'node:crypto';
import { fileURLToPath } from 'node:url';
import subsetFont from 'subset-font';
import { closure } from './offline.mjs';
import { prune, pageNames } from './lean-css.mjs';
import { plainCode } from './lean-code.mjs';
import { fieldsWait, formulaBones, formulaStyles, heardMath, roundDrawings } from './lean-markup.mjs';
import { faces, mathSigns } from './lean-math.mjs';

// After the build, before the service worker's lists: a page carries the styles it can use, inside itself, and the faces of the
// formulas carry the signs that some page shows. Nothing waits for a style sheet, and no page pays for another page's figures.

export const hash = (data) => crypto.createHash('sha256').update(data).digest('hex').slice(0, 8);
const SHEET = /<link rel="stylesheet" href="([^"]+)"(?: media="print")?\s*\/?>/g; // what is for print says so inside as well

// A first visit shows the text in the fallbacks of the same measure and only then asks for faces: they would share the line with the
// text. Where the service worker answers, they are at hand, and are named at once. Without scripts they are named at once as well.
// The text changes its face once, when all its faces are there, and with it the formulas on the screen: half of each would break other
// lines. And a paragraph on the screen keeps its lines: a stand-in is as wide as the face on the average only, so where a word would
// change its line, the letters stand up to 0.4 px closer or wider than they would, until the window changes its width.
/* eslint-disable no-undef -- runs in the page, as text and on one line: a comment of two strokes would end it */
function changeFaces() {
  const page = document.documentElement;
  const rules = document.getElementById('faces').textContent.replace(/<\/?style>/g, '');
  const add = (css) => { const style = document.createElement('style'); style.textContent = css; document.head.append(style); };
  if (navigator.serviceWorker?.controller) { add(rules); return; }
  page.dataset.faces = 'wait';
  const starts = (p) => {
    const { top, height } = p.getBoundingClientRect(), walk = document.createTreeWalker(p, 4), range = document.createRange(), found = [height];
    while (walk.nextNode()) { range.selectNodeContents(walk.currentNode); found.push((range.getClientRects()[0]?.top ?? top) - top); }
    return found;
  };
  const keep = ([p, was]) => {
    let least = Infinity, best = 0;
    const room = innerHeight - p.getBoundingClientRect().top; /* what is below the screen may move */
    const set = (by) => { p.style.letterSpacing = by ? by + 'px' : ''; };
    for (let i = 0; i < 17 && least > 0; i += 1) {
      const by = (i % 2 ? 0.025 : -0.025) * (i + (i % 2));
      set(by);
      const moved = starts(p).filter((at, n) => Math.abs(at - was[n]) > 9 && Math.min(at, was[n]) < room).length;
      if (moved < least) { least = moved; best = by; }
    }
    set(best);
    if (best) addEventListener('resize', () => set(0), { once: true });
  };
  const seen = (parts) => parts.filter((p) => { const { top, bottom } = p.getBoundingClientRect(); return bottom > 0 && top < innerHeight; });
  const shown = () => seen([...document.querySelectorAll('.question,.prose>:not(astro-island)')]); /* nothing inside of what is left without layout is asked */
  const change = (faces, rest) => {
    const texts = seen(shown().flatMap((part) => (part.matches('p') ? part : [...part.querySelectorAll('p,li:not(:has(p)),dd')]))).map((p) => [p, starts(p)]);
    faces.forEach((face) => document.fonts.add(face));
    add(rest);
    delete page.dataset.faces;
    texts.forEach(keep);
  };
  /* faces the screen needs are read before the page knows of them: each rule that comes, and each face that arrives, lays all text out anew */
  const start = () => setTimeout(() => {
    const needed = shown().some((part) => part.querySelector('.katex')) ? /^(?:Literata|Golos|KaTeX_Ma)/ : /^(?:Literata|Golos)/, faces = [];
    const rest = rules.replace(/@font-face\{([^}]*)\}/g, (rule, body) => {
      const { 'font-family': family, src, 'font-style': style = 'normal', 'font-weight': weight = '400', 'unicode-range': unicodeRange = 'U+0-10FFFF' } = Object.fromEntries(body.split(';').map((line) => line.split(/:(.*)/s)));
      if (!needed.test(family) || src.includes('-rare-')) return rule;
      faces.push({ rule, face: new FontFace(family, src, { style, weight, unicodeRange }) });
      return '';
    });
    Promise.allSettled(faces.map(({ face }) => face.load())).then(() => change(faces.filter(({ face }) => face.status === 'loaded').map(({ face }) => face), rest + faces.filter(({ face }) => face.status !== 'loaded').map(({ rule }) => rule).join('')));
  });
  /* a first frame may be empty: what is asked for before the text is there shares the line with it */
  if (PerformanceObserver.supportedEntryTypes?.includes('paint'))
    new PerformanceObserver((list, observer) => { if (list.getEntriesByName('first-contentful-paint').length > 0) { observer.disconnect(); start(); } }).observe({ type: 'paint', buffered: true });
  else requestAnimationFrame(start);
}
/* eslint-enable no-undef */
const LATER = `(${String(changeFaces).replace(/\n\s*/g, ' ')})()`;
/** Rules of the faces that are files, apart from the rest. */
export function splitFaces(css) {
  let later = '';
  const now = css.replace(/@font-face\s*\{[^}]*\}/g, (rule) => {
    if (!/url\(/.test(rule)) return rule;
    later += rule;
    return '';
  });
  return { now, later };
}

/** The page with its style sheets pruned to what it and its scripts name, and set inline in place of the first link; `more` after them. */
export function inlineStyles(html, sheet, scripts, more = '') {
  const links = [...html.matchAll(SHEET)];
  if (links.length === 0) return html;
  const css = [...new Set(links.map(([, href]) => href))].map(sheet).join('\n');
  const { now, later } = splitFaces((prune(css, pageNames(html, scripts)) + more).replaceAll('</', '<\\/'));
  const style = `<style>${now}</style>${later && `<noscript id="faces"><style>${later}</style></noscript><script>${LATER}</script>`}`;
  let first = true;
  return html.replace(SHEET, () => { const at = first ? style : ''; first = false; return at; });
}

// Starlight's restorer of an open sidebar, which this course does not have.
const SIDEBAR = /<script type="module">(?:(?!<\/script>)[^])*?sl-sidebar-state[^]*?<\/script>/;
/**
 * Markup that the build needed and no reader does: the TeX of each formula (its MathML is what is read aloud, and copied), the
 * reference behind a citation that also stands in the list of sources (page.ts takes it from there), what a figure tells the
 * development server, a script for a part that is not there.
 */
export function withoutScaffolding(html) {
  const listed = new Set([...html.matchAll(/ id="source-([^"]+)"/g)].map(([, key]) => key));
  return heardMath(roundDrawings(html)
    .replace(/<semantics>([^]*?)<annotation encoding="application\/x-tex">[^]*?<\/annotation><\/semantics>/g, '$1')
    .replaceAll(/(<span class="(?:katex(?:-display)?|source-ref)") data-pagefind-ignore(?:="")?/g, '$1') // Pagefind has read it
    .replaceAll('<math xmlns="http://www.w3.org/1998/Math/MathML"', '<math')) // HTML knows where it belongs
    .replace(/(<a class="cite" href="[^"#]*#([^"]+)") data-full="[^"]*"/g, (whole, link, key) => (listed.has(key) ? link : whole))
    .replaceAll('<script type="module" src=', '<script type="module" fetchpriority="low" src=') // the small behaviours come after the text and its faces
    .replaceAll(/(<astro-island\b[^>]*) opts="\{[^"]*\}"/g, '$1 opts="{}"') // a directive's options: ours takes none
    .replace(html.includes('id="starlight__sidebar"') ? /$^/ : SIDEBAR, '');
}

const FEW = 1 / 4; // of the pages that a face serves: what fewer of them show is no other page's business
/**
 * Cuts each face of KaTeX to the signs used, and what few pages show to files of those pages' own. Returns old name → new name (null
 * where no page uses the face), and page → list of { beside: new name, file, range }.
 */
async function cutMath(dist, files, pages) {
  const signsOf = new Map([...pages].map(([page, html]) => [page, mathSigns(html)]));
  const cut = async (face, from, signs) => {
    const body = await subsetFont(from, signs, { targetFormat: 'woff2', keepFeatures: [], dropTables: ['gasp'], noHinting: true });
    const name = `${face}.${hash(body)}.woff2`; // a new name: the old one may be in a cache
    fs.writeFileSync(path.join(dist, '_astro', name), body);
    return name;
  };
  const renamed = new Map(), own = new Map();
  for (const file of files) {
    const face = /^_astro\/(KaTeX_[\w-]+)\.[\w-]+\.woff2$/.exec(file)?.[1];
    if (!face) continue;
    if (!faces.includes(face)) throw new Error(`lean: no class of a formula is known to select ${face}`);
    const full = path.join(dist, file), from = fs.readFileSync(full);
    fs.rmSync(full);
    const served = [...signsOf].map(([page, signs]) => [page, signs.get(face)]).filter(([, signs]) => signs);
    const shown = new Map();
    for (const [, signs] of served) for (const sign of signs) shown.set(sign, (shown.get(sign) ?? 0) + 1);
    const all = [...shown.keys()].sort();
    const common = all.length < 40 ? all : all.filter((sign) => shown.get(sign) >= FEW * served.length); // a small face is hardly more than its head
    renamed.set(path.basename(file), all.length > 0 ? await cut(face, from, common.join('')) : null);
    for (const [page, signs] of served) {
      const rare = [...signs].filter((sign) => !common.includes(sign)).sort();
      if (rare.length === 0) continue;
      const range = rare.map((sign) => `U+${sign.codePointAt(0).toString(16)}`).join();
      own.set(page, [...(own.get(page) ?? []), { beside: renamed.get(path.basename(file)), file: await cut(face, from, rare.join('')), range }]);
    }
  }
  return { renamed, own };
}

/** The rules of a page's own signs, each after that of the face they belong to. */
export function ownFaces(css, own = []) {
  return css.replace(/@font-face\s*\{[^}]*\}/g, (rule) => rule + own.filter(({ beside }) => rule.includes(beside)).map(({ beside, file, range }) => rule.replace(beside, file).replace(/;?\s*\}$/, `;unicode-range:${range}}`)).join(''));
}

/** Face rules of dropped files go, the others point to their new names. */
export function renameFaces(css, renamed) {
  for (const [old, now] of renamed)
    css = now ? css.replaceAll(old, now) : css.replace(/@font-face\s*\{[^}]*\}/g, (rule) => (rule.includes(old) ? '' : rule));
  return css;
}

export default function lean({ base = '/' } = {}) {
  return {
    name: 'course:lean',
    hooks: {
      'astro:build:done': async ({ dir, logger }) => {
        const dist = fileURLToPath(dir);
        const files = fs.readdirSync(dist, { recursive: true, withFileTypes: true }).filter((f) => f.isFile()).map((f) => path.relative(dist, path.join(f.parentPath, f.name)));
        const read = (f) => fs.readFileSync(path.join(dist, f), 'utf8');
        const texts = new Map(files.filter((f) => /\.(html|m?js|css)$/.test(f) && !f.startsWith('pagefind/')).map((f) => [f, read(f)]));
        const pages = [...texts.keys()].filter((f) => f.endsWith('.html'));
        // A file of the core's source is a script too (one long string), but none that makes elements.
        const scripts = [...texts.keys()].filter((f) => f.startsWith('_astro/') && f.endsWith('.js') && !/^(?:var|const|let) \w+=[`"']\/\//.test(texts.get(f)));
        const names = scripts.map((f) => [path.basename(f), f]);

        const { renamed, own } = await cutMath(dist, files, new Map(pages.map((p) => [p, texts.get(p)])));
        const root = base.replace(/\/?$/, '/');
        const sheet = (page) => (href) => ownFaces(renameFaces(texts.get(href.slice(root.length)), renamed), own.get(page));
        const classes = new Set([...texts].filter(([f]) => f.endsWith('.css')).flatMap(([, css]) => [...css.matchAll(/\.([A-Za-z_][\w-]*)/g)].map(([, name]) => name)));
        let before = 0, after = 0;
        for (const page of pages) {
          const listings = plainCode(withoutScaffolding(fieldsWait(texts.get(page))));
          const { html, css } = formulaStyles(formulaBones(listings.html, classes));
          texts.set(page, html); // without the scripts of what is gone
          const code = [...closure(page, names, texts)].map((f) => texts.get(f));
          const made = inlineStyles(html, sheet(page), code, listings.css + css);
          before += Buffer.byteLength(html); after += Buffer.byteLength(made);
          texts.set(page, made);
          fs.writeFileSync(path.join(dist, page), made);
        }
        // Sheets and scripts that nothing names any more.
        for (const file of files) {
          if (/^_astro\/ec\.[\w-]+\.js$/.test(file) && ![...texts.values()].some((text) => text.includes(path.basename(file)))) { fs.rmSync(path.join(dist, file)); continue; }
          if (!/^_astro\/.*\.css$/.test(file)) continue;
          if ([...texts].some(([f, text]) => !f.endsWith('.css') && text.includes(path.basename(file)))) fs.writeFileSync(path.join(dist, file), renameFaces(texts.get(file), renamed));
          else fs.rmSync(path.join(dist, file));
        }
        logger.info(`${pages.length} pages: ${Math.round((after - before) / pages.length / 1024)} KB of styles each, inside; ${[...renamed.values()].filter(Boolean).length} faces for formulas`);
      },
    },
  };
}
