// Terms, spelling, citations, links and random numbers: `npm run lint`. An exception is stated in the line before, with its reason:
//   {/* lint-ok: цитата из перевода */}   in MDX      // lint-ok: reason   in code
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import katex from 'katex';
import { unified } from 'unified';
import remarkParse from 'remark-parse';
import remarkGfm from 'remark-gfm';
import remarkMath from 'remark-math';
import remarkMdx from 'remark-mdx';
import { visit } from 'unist-util-visit';
import { katexOptions } from '../src/plugins/katex.mjs';
import { codeProblems, decimalPoints, silentHeading, textProblems } from './lint-rules.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const problems = [];
const warnings = [];
const say = (list, file, line, message) => list.push(`${path.relative(root, file)}:${line}  ${message}`);

function* walk(folder) {
  if (!fs.existsSync(folder)) return;
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'node_modules' || entry.name.startsWith('.')) continue;
    const full = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(full);
    else yield full;
  }
}
const excused = (lines, line) => /lint-ok: \S/.test(lines[line - 2] ?? '') || /lint-ok: \S/.test(lines[line - 1] ?? '');

const parser = unified().use(remarkParse).use(remarkGfm).use(remarkMath).use(remarkMdx);
const cited = new Map();

function lintChapter(file) {
  const source = fs.readFileSync(file, 'utf8');
  const lines = source.split('\n');
  const body = source.replace(/^---\n[\s\S]*?\n---\n/, (front) => front.replace(/[^\n]/g, ' '));
  const check = (text, line, prose = true) => {
    if (excused(lines, line)) return;
    for (const p of textProblems(text)) say(problems, file, line, p);
    if (prose) for (const n of decimalPoints(text)) say(warnings, file, line, `«${n}»: в прозе десятичная запятая`);
  };
  lines.slice(0, source.split('\n---\n')[0].split('\n').length).forEach((line, i) => check(line, i + 1, false));
  visit(parser.parse(body), (node) => {
    const line = node.position?.start.line ?? 1;
    if (node.type === 'text') node.value.split('\n').forEach((part, i) => check(part, line + i));
    // rehype-katex does not fail for one: it sets what it does not know in red.
    if (node.type === 'inlineMath' || node.type === 'math') {
      try { katex.renderToString(node.value, { ...katexOptions, displayMode: node.type === 'math' }); } catch (error) { say(problems, file, line, `формула: ${error.message}`); }
    }
    if (node.type === 'table' && node.children[0].children.some(silentHeading)) say(problems, file, line, 'заголовок столбца без слов: чтец с экрана его не произнесёт');
    if ((node.children ?? []).some((child, i, all) => child.name === 'Cite' && all.slice(i + 1).find((next) => next.type !== 'text' || next.value.trim())?.name === 'Cite')) say(problems, file, line, 'две ссылки на источники слиплись: между ними нужна запятая');
    if (node.type === 'link' && node.url.startsWith('/')) say(problems, file, line, `ссылка ${node.url} не переживёт чужую папку: пишите ../NN-глава/`);
    for (const a of node.attributes ?? []) {
      const value = typeof a.value === 'string' ? a.value : '';
      if (/[а-яё]/i.test(value)) check(value, line, false);
      if ((node.name === 'Cite' || node.name === 'Source') && (a.name === 'key' || a.name === 'cite')) cited.set(value, `${path.relative(root, file)}:${line}`);
    }
  });
}

for (const file of walk(path.join(root, 'chapters'))) {
  if (file.endsWith('.mdx')) lintChapter(file);
  if (file.endsWith('course.json')) fs.readFileSync(file, 'utf8').split('\n').forEach((line, i) => textProblems(line.replace(/"(\w+)":/g, '').replace(/"/g, '')).forEach((p) => say(problems, file, i + 1, p)));
}

// Interface strings speak the same language. Comments are English; Cyrillic outside them is what the reader sees.
const ours = ['web/src', 'wasm/client'].map((f) => path.join(root, f));
for (const folder of ours) for (const file of walk(folder)) {
  if (!/\.(ts|mjs|js|svelte|astro|css|html)$/.test(file)) continue;
  const text = fs.readFileSync(file, 'utf8');
  const lines = text.split('\n');
  for (const [line, message] of codeProblems(text)) if (!excused(lines, line)) say(problems, file, line, message);
  if (/\.test\.ts$/.test(file)) continue;
  lines.forEach((line, i) => {
    const spoken = line.replace(/(^|\s)(\/\/|\*|\/\*|<!--).*$/, '');
    if (!/[а-яё]/i.test(spoken) || excused(lines, i + 1)) return;
    // Straight quotes delimit strings in code, so that rule does not apply here.
    for (const p of textProblems(spoken.replace(/["'`]/g, ' ').replace(/ {2,}/g, ' '))) say(problems, file, i + 1, p);
  });
}
for (const file of walk(path.join(root, 'chapters'))) if (/\.(mjs|js|ts|mdx)$/.test(file)) for (const [line, message] of codeProblems(fs.readFileSync(file, 'utf8'))) say(problems, file, line, message);

// The bibliography: every citation has its entry, and an entry nobody cites is said.
const keys = new Map();
for (const file of walk(path.join(root, 'chapters'))) if (file.endsWith('references.bib'))
  for (const [, key] of fs.readFileSync(file, 'utf8').matchAll(/^@\w+\s*\{\s*([^,\s]+)\s*,/gm)) keys.set(key, path.relative(root, file));
for (const [key, where] of cited) if (!keys.has(key)) problems.push(`${where}  ссылка на «${key}», а такой записи нет ни в одном references.bib`);
for (const [key, file] of keys) if (!cited.has(key)) warnings.push(`${file}  на «${key}» никто не ссылается`);

for (const w of warnings) console.log(`предупреждение  ${w}`);
for (const p of problems) console.log(`ошибка  ${p}`);
console.log(`${problems.length} ошибок, ${warnings.length} предупреждений; ссылок на литературу ${cited.size}`);
process.exit(problems.length > 0 ? 1 : 0);
