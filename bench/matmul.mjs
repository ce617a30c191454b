// The product of matrices, C[M, N] = A[M, K]·B[K, N], one thread, in one page of headless Chromium: our core with SIMD against
// TensorFlow.js (XNNPACK) and ONNX Runtime Web (MLAS), and against the multiply-add peak of the same machine at
// the same time. Turn by turn, so that a busy machine slows all alike. Peers get what suits them best: B constant and packed
// once; ORT in three forms, of which the fastest counts. Ours packs B anew in every call.
//   node bench/matmul.mjs BENCH_CORE.wasm [ROUNDS]
import http from 'node:http';
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { median, withBrowser } from './browser.mjs';
import { load, record } from './results.mjs';

const core = process.argv[2];
const rounds = Number(process.argv[3] ?? 15);
if (!core) throw new Error('say where bench_core.wasm is');
const shapes = [[64, 128, 128], [128, 256, 1024], [256, 256, 256], [512, 512, 512], [256, 768, 3072]];

const folder = fileURLToPath(new URL('.', import.meta.url));
const types = { html: 'text/html', mjs: 'text/javascript', js: 'text/javascript', wasm: 'application/wasm' };
const page = `<!doctype html><title>bench</title><script src="/node_modules/@tensorflow/tfjs-core/dist/tf-core.min.js"></script>
<script src="/node_modules/@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.min.js"></script>`;
const server = http.createServer(({ url }, response) => {
  const name = new URL(url, 'http://x').pathname;
  const file = name === '/core.wasm' ? core : `${folder}${name.slice(1)}`;
  const body = name === '/' ? page : name.includes('..') || !fs.existsSync(file) ? null : fs.readFileSync(file);
  response.writeHead(body ? 200 : 404, { 'content-type': types[name === '/' ? 'html' : name.split('.').pop()] ?? 'application/octet-stream' }).end(body ?? '');
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

// ---- in the page ----------------------------------------------------------------------------------------

// Prepares all contestants for a shape, checks and warms them up; turns of about `slice` ms. What follows calls `window.turn`.
async function prepare([shape, slice]) {
  const { openOurs, openTfjs, openOrt } = await import('/matmul-page.mjs');
  const { matmulModel, repeatedModel } = await import('/onnx.mjs');
  const state = (window.state ??= {
    ours: await openOurs('/core.wasm'),
    tfjs: await openTfjs(window.tf, '/node_modules/@tensorflow/tfjs-backend-wasm/dist/'),
    ort: await openOrt(await import('/node_modules/onnxruntime-web/dist/ort.wasm.min.mjs'), '/node_modules/onnxruntime-web/dist/'),
  });
  for (const one of Object.values(state.contestants ?? {})) await one.close?.();
  const [m, k, n] = shape;
  const flop = 2 * m * k * n;
  const values = (count, seed) => Float32Array.from({ length: count }, (_, i) => (((i + seed) * 2654435761) >>> 0) / 2 ** 31 - 1);
  const [a, b] = [values(m * k, 1), values(k * n, 7)];
  const repeats = Math.max(4, Math.ceil(2e8 / flop));
  const contestants = (state.contestants = {
    ours: state.ours.prepare(shape, a, b),
    tfjs: state.tfjs.prepare(shape, a, b),
    'ort, B constant': await state.ort.prepare(matmulModel(shape, b), shape, a, b, true, 1),
    'ort, B constant, in a loop': await state.ort.prepare(repeatedModel(shape, repeats, b), shape, a, b, true, repeats),
    'ort, B an input, in a loop': await state.ort.prepare(repeatedModel(shape, repeats), shape, a, b, false, repeats),
  });

  // Whoever multiplies wrongly does not take part: against double precision, on a sample of elements.
  const worst = {};
  for (const [name, one] of Object.entries(contestants)) {
    await one.run(1);
    const c = await one.result();
    worst[name] = 0;
    for (let s = 0; s < 200; ++s) {
      const i = (s * 37) % m, j = (s * 101) % n;
      let sum = 0;
      for (let p = 0; p < k; ++p) sum += a[i * k + p] * b[p * n + j];
      worst[name] = Math.max(worst[name], Math.abs(c[i * n + j] - sum));
    }
    if (!(worst[name] < 1e-5 * k)) throw new Error(`${name} at ${shape}: off by ${worst[name]}`);
  }

  const timed = async (one, times) => {
    const start = performance.now();
    await one.run(times);
    return performance.now() - start;
  };
  const turns = {};
  for (const [name, one] of Object.entries(contestants)) { // the JIT tiers up between calls, caches fill
    let times = 1, took = 0;
    for (const until = performance.now() + 250; performance.now() < until; ) {
      took = await timed(one, times);
      if (took < slice) times *= 2;
    }
    turns[name] = Math.max(1, Math.ceil((times * slice) / took));
    if (name.endsWith('loop')) turns[name] = Math.ceil(turns[name] / repeats) * repeats;
  }
  state.ours.peaks.forEach(({ flop: each, run }, i) => {
    const steps = 2e8 / each;
    for (const until = performance.now() + 60; performance.now() < until; ) run(20000);
    contestants[`peak ${i}`] = { run: () => run(steps) };
    turns[`peak ${i}`] = 1;
  });
  contestants.nothing = { run: () => {} };
  turns.nothing = 1;
  window.turn = async (name) => [await timed(contestants[name], turns[name]), turns[name]];
  return { flop, worst, names: Object.keys(turns), peers: [state.tfjs.name, state.ort.name] };
}

// ---- around it ------------------------------------------------------------------------------------------

// Nanoseconds that the page's main thread has been on a processor. On a busy machine the clock on the wall mostly measures who
// else wanted the processor; so where the kernel says it (Linux), time is this.
async function processorClock(browser, work) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const read = (pid) => { try { return Number(fs.readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]); } catch { return NaN; } };
  const before = processInfo.filter((p) => p.type === 'renderer').map(({ id }) => ({ id, at: read(id) }));
  const result = await work(); // the page's process is the one that did it
  const [page] = before.map(({ id, at }) => ({ id, spent: read(id) - at })).sort((x, y) => y.spent - x.spent);
  return { clock: page && page.spent > 1e8 ? () => read(page.id) : null, result };
}

// Milliseconds per product, [contestant][turn]; GFLOP/s of the peak, [turn].
async function measure(browser, tab, shape) {
  const { clock, result } = await processorClock(browser, () => tab.evaluate(prepare, [shape, 15]));
  const { flop, worst, names, peers } = result;
  const times = Object.fromEntries(names.map((name) => [name, []]));
  for (let r = 0; r < rounds; ++r)
    for (const name of names) {
      const start = clock?.();
      const [wall, count] = await tab.evaluate((n) => window.turn(n), name);
      times[name].push({ wall, cpu: clock ? (clock() - start) / 1e6 : wall, count });
    }
  const overhead = median(times.nothing.map((t) => t.cpu)); // of asking the page for a turn
  const spent = (t) => (clock ? Math.max(1e-6, t.cpu - overhead) : t.wall) / t.count;
  const peak = times.nothing.map((_, r) => Math.max(...names.filter((n) => n.startsWith('peak')).map((n) => 2e8 / spent(times[n][r]) / 1e6)));
  const products = Object.fromEntries(names.filter((n) => !/^peak|^nothing/.test(n)).map((n) => [n, times[n].map(spent)]));
  const waited = median(times.ours.map((t) => t.wall / t.cpu));
  return { shape, load: load(), flop, worst, peers, times: products, peak, waited, clocked: Boolean(clock) };
}

const best = (values) => Math.min(...values);
const before = load();
const { results, version, clocked } = await withBrowser(async (browser) => {
  const tab = await browser.newPage();
  tab.on('pageerror', (e) => console.error(e.message));
  await tab.goto(`http://127.0.0.1:${server.address().port}/`);
  const results = [];
  for (const shape of shapes) results.push(await measure(browser, tab, shape));
  return { results, version: browser.version(), clocked: results.every((r) => r.clocked) };
}).finally(() => server.close());

console.log(`matmul, Chromium ${version}, one thread, ${rounds} turns of 15 ms; load ${before.toFixed(1)} -> ${load().toFixed(1)}`);
console.log(`time: ${clocked ? `the thread's own on a processor (a turn took ${median(results.map((r) => r.waited)).toFixed(1)} times as long by the clock)` : 'by the clock'}`);
console.log(`peers: ${results[0].peers.join('; ')}`);
console.log('GFLOP/s as median (best); ratios as median over turns (of bests)\n');
console.log('M x K x N'.padEnd(15), 'ours'.padEnd(14), 'tfjs'.padEnd(14), 'ORT'.padEnd(14), 'peak'.padEnd(14), '% of peak'.padEnd(12), '/ tfjs'.padEnd(13), '/ ORT'.padEnd(13), 'best form of ORT');
const rows = results.map(({ shape, times, peak, flop, worst, load: at }) => {
  const speed = (t) => flop / t / 1e6;
  const ort = Object.keys(times).filter((n) => n.startsWith('ort')).sort((x, y) => median(times[x]) - median(times[y]))[0];
  const against = (name) => ({ median: median(times[name].map((t, r) => t / times.ours[r])), best: best(times[name]) / best(times.ours) });
  const figures = (t) => ({ median: speed(median(t)), best: speed(best(t)) });
  return {
    shape, load: at, worst, ortForm: ort,
    ours: figures(times.ours), tfjs: figures(times.tfjs), ort: figures(times[ort]),
    forms: Object.fromEntries(Object.entries(times).map(([name, t]) => [name, figures(t)])),
    peak: { median: median(peak), best: Math.max(...peak) },
    ofPeak: { median: median(times.ours.map((t, r) => speed(t) / peak[r])), best: speed(best(times.ours)) / Math.max(...peak) },
    overTfjs: against('tfjs'), overOrt: against(ort),
  };
});
for (const r of rows) {
  const pair = ({ median: m, best: b }, digits, scale = 1) => `${(m * scale).toFixed(digits)} (${(b * scale).toFixed(digits)})`;
  console.log(r.shape.join('x').padEnd(15), ...[r.ours, r.tfjs, r.ort, r.peak].map((v) => pair(v, 1).padEnd(14)), pair(r.ofPeak, 0, 100).padEnd(12), pair(r.overTfjs, 2).padEnd(13), pair(r.overOrt, 2).padEnd(13), r.ortForm);
}
const short = rows.filter((r) => r.overTfjs.median < 1.2 || r.overOrt.median < 1.5);
console.log(short.length ? `\nbelow the bar (1.2 x tfjs, 1.5 x ORT): ${short.map((r) => r.shape.join('x')).join(', ')}` : '\nthe bar (1.2 x tfjs, 1.5 x ORT) is met at every shape');
if (short.length) process.exitCode = 1;
record('matmul', { chromium: version, rounds, peers: results[0].peers, processorTime: clocked, rows });
