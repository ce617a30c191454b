// Lighthouse with its defaults (a slow phone, simulated throttling) on the built pages, served as GitHub Pages serves them.
//   node bench/lighthouse.mjs [RUNS] [PAGE…]      (needs web/dist; pages default to the front page and chapters 1 and 7)
import fs from 'node:fs';
import { execFile } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { serve } from '../web/scripts/serve.mjs';
import { executable, median } from './browser.mjs';
import { load, record } from './results.mjs';

const web = fileURLToPath(new URL('../web/', import.meta.url));
const runs = Number(process.argv[2] ?? 1);
const pages = process.argv.length > 3 ? process.argv.slice(3) : ['', '01-head/', '07-specialisation/'].filter((p) => fs.existsSync(`${web}dist/${p}index.html`));
const bars = { performance: 95, accessibility: 100, 'best-practices': 100, seo: 100 };

async function audit(address) {
  const out = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'lighthouse-')), 'report.json');
  const command = [`${web}node_modules/lighthouse/cli/index.js`, address, '--output=json', `--output-path=${out}`, '--quiet', '--chrome-flags=--headless=new --no-sandbox --disable-gpu'];
  await promisify(execFile)(process.execPath, command, { env: { ...process.env, CHROME_PATH: executable }, maxBuffer: 2 ** 26 });
  const report = JSON.parse(fs.readFileSync(out, 'utf8'));
  fs.rmSync(path.dirname(out), { recursive: true });
  const of = (id) => report.audits[id].numericValue;
  const failed = Object.values(report.categories).flatMap(({ auditRefs }) => auditRefs)
    .filter(({ id, weight }) => weight > 0 && report.audits[id].score !== null && report.audits[id].score < 0.9).map(({ id }) => id);
  return {
    scores: Object.fromEntries(Object.keys(bars).map((c) => [c, Math.round(report.categories[c].score * 100)])),
    lcp: of('largest-contentful-paint'), cls: of('cumulative-layout-shift'), tbt: of('total-blocking-time'), fcp: of('first-contentful-paint'), failed, load: load(),
  };
}

const { server, url } = await serve({ dir: `${web}dist` });
const rows = [];
try {
  for (const page of pages) {
    const all = [];
    for (let i = 0; i < runs; ++i) all.push(await audit(url + page));
    rows.push({ page, all });
  }
} finally {
  server.close();
}

console.log(`Lighthouse, mobile, simulated throttling, median of ${runs}; load ${load().toFixed(1)} (a busy machine lowers performance and raises TBT)`);
console.log('page'.padEnd(22), 'perf  a11y  best   seo     FCP     LCP    CLS    TBT   failed audits');
let met = true;
for (const { page, all } of rows) {
  const score = (c) => median(all.map((r) => r.scores[c]));
  const [fcp, lcp, cls, tbt] = ['fcp', 'lcp', 'cls', 'tbt'].map((k) => median(all.map((r) => r[k])));
  met &&= Object.entries(bars).every(([c, bar]) => score(c) >= bar) && lcp <= 1500 && cls <= 0.02 && tbt <= 150;
  console.log((page || '(front)').padEnd(22), ...Object.keys(bars).map((c) => String(score(c)).padStart(4).padEnd(5)), `${(fcp / 1000).toFixed(2)} s`.padStart(7), `${(lcp / 1000).toFixed(2)} s`.padStart(7), cls.toFixed(3).padStart(6), `${Math.round(tbt)} ms`.padStart(7), ' ', [...new Set(all.flatMap((r) => r.failed))].join(', '));
}
console.log(met ? 'all bars met (95/100/100/100, LCP 1.5 s, CLS 0.02, TBT 150 ms)' : 'below a bar (95/100/100/100, LCP 1.5 s, CLS 0.02, TBT 150 ms)');
record('lighthouse', { rows });
if (!met) process.exitCode = 1;
