// The induction head is born in the browser: the recipe of models/repeat-2l, from random weights, through the site's own client and worker,
// until the best induction score of layer 1 exceeds 0.5. Prints steps and milliseconds, median over seeds.
//   web/node_modules/.bin/node bench/birth.mjs [SEEDS]
// The page holds the client alone (that of tests/web/engine.spec.ts), built as the site builds it. Nothing else of
// the site runs in the worker, so the chapter's figures need the same time.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import outsideImports from '../web/src/plugins/vite-outside-imports.mjs';
import { serve } from '../web/scripts/serve.mjs';
import { recipe } from '../tests/wasm/recipe.mjs';
import { median, withBrowser } from './browser.mjs';
import { load, record } from './results.mjs';

const seeds = Number(process.argv[2] ?? 5);
const root = fileURLToPath(new URL('..', import.meta.url));
const { build } = await import(pathToFileURL(createRequire(path.join(root, 'web/package.json')).resolve('vite')).href);

const outDir = fs.mkdtempSync(path.join(os.tmpdir(), 'birth-page-'));
await build({
  configFile: false,
  root: path.join(root, 'tests/web/engine'),
  base: '/',
  logLevel: 'error',
  plugins: [outsideImports()],
  worker: { format: 'es', plugins: () => [outsideImports()] },
  build: { outDir, emptyOutDir: true },
});
fs.cpSync(path.join(root, 'web/public/core'), path.join(outDir, 'core'), { recursive: true });
const { server, url } = await serve({ dir: outDir });

// Runs in the page. The clock starts when the trainer is asked for in a page that has just been opened: loading the core counts.
async function born(config) {
  const start = performance.now();
  const engine = await window.host.dedicated();
  const loaded = performance.now() - start;
  const { id } = await engine.createTrainer(config);
  let birth = null;
  const points = [];
  await engine.train(id, { until: 700, every: 10 }, (p) => {
    const induction = Math.max(...p.heads.filter((h) => h.layer === 1).map((h) => h.induction));
    points.push([p.step, induction, p.evalAccuracy]);
    if (birth || induction <= 0.5) return;
    birth = { step: p.step, wall: performance.now() - start, training: p.elapsed, induction };
    engine.pause(id);
  });
  const info = await engine.info();
  engine.terminate();
  return { loaded, birth, points, info };
}

const before = load();
const runs = [];
try {
  await withBrowser(async (browser) => {
    for (let seed = 1; seed <= seeds; ++seed) {
      const page = await browser.newPage();
      await page.goto(url);
      await page.waitForFunction(() => Boolean(window.host));
      runs.push({ seed, load: load(), ...(await page.evaluate(born, recipe(seed))) });
      await page.close();
    }
  });
} finally {
  server.close();
  fs.rmSync(outDir, { recursive: true });
}

console.log(`birth of the induction head in Chromium, core ${runs[0].info.commit} ${runs[0].info.variant}; load ${before.toFixed(1)} -> ${load().toFixed(1)}`);
for (const { seed, loaded, birth } of runs)
  console.log(birth
    ? `  seed ${seed}: step ${birth.step}, ${(birth.wall / 1000).toFixed(2)} s in all (core loaded in ${Math.round(loaded)} ms, steps alone ${(birth.training / 1000).toFixed(2)} s), score ${birth.induction.toFixed(2)}`
    : `  seed ${seed}: not born within 700 steps`);
const births = runs.filter((r) => r.birth).map((r) => r.birth);
if (births.length) console.log(`  median: step ${median(births.map((b) => b.step))}, ${(median(births.map((b) => b.wall)) / 1000).toFixed(2)} s (bar: 5 s); ${births.length} of ${seeds} born`);
record('birth', { runs });
if (births.length < seeds) process.exitCode = 1;
