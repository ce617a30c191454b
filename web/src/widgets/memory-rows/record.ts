// The recordings of «Строки памяти» and the numbers that chapter 15 prints about them, with the core the page runs (in web/):
//   CORPUS=prose-valid.txt.xz node_modules/.bin/node src/widgets/memory-rows/record.ts [figure] [corpus]
// CORPUS is the held-out author, one paragraph a line (models/ru-small/corpus); it is not in this repository.
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { mulberry } from '../../lib/random.ts';
import { median } from '../../lib/statistics.ts';
import { openModel } from '../ru-small/open.ts';
import { ask, ends, push, tails, TAILS, TEXT, vector, WORDS } from './model.ts';

const shipped = new URL('../../../../models/ru-small/', import.meta.url);
const engine = (await openEngine()) as unknown as RemoteEngine;
const m = await openModel(engine, new Uint8Array(await readFile(new URL('model.safetensors', shipped))), await readFile(new URL('tokenizer.json', shipped), 'utf8'));
const { commit } = await engine.info();
const { layers: L, inner: M, width: D, vocab: V } = m.net;
const short = (x: number, digits = 3): number => Number(x.toPrecision(digits));
const WINDOW = 256;
const WINDOWS = 240;
const TOP = 8;
const SEEDS = 5;
const PER_SEED = 16;

async function figure(): Promise<void> {
  const layers = [];
  for (let layer = 0; layer < L; layer += 1) {
    const f = await ask(engine, m, { text: TEXT, layer, at: -1, row: -1 });
    layers.push({ ...f, rows: f.rows.map((r) => ({ ...r, m: short(r.m), all: r.all.map((x) => short(x, 2)), share: short(r.share), tails: r.tails.map((t) => ({ ...t, m: short(t.m) })) })) });
  }
  await save({ layers });
}

async function save(part: object): Promise<void> {
  const file = new URL('recording.json', import.meta.url);
  const old = JSON.parse(await readFile(file, 'utf8').catch(() => '{}')) as object;
  const text = JSON.stringify({ ...old, commit, ...part });
  const bytes = new TextEncoder().encode(text).length;
  console.log(`recording: ${(bytes / 1024).toFixed(1)} KB`);
  if (bytes > 20 * 1024) throw new Error('recording.json is over 20 KB');
  await writeFile(file, `${text}\n`);
}

/** Where a row answered loudest: [row][TOP] of position and value, for either sign. */
interface Hit { window: number; t: number; m: number }
type Heaps = Hit[][];
const heaps = (): Heaps => Array.from({ length: M }, () => []);
function offer(heap: Hit[], hit: Hit): void {
  const size = Math.abs(hit.m);
  if (heap.length === TOP && Math.abs(heap[TOP - 1]!.m) >= size) return;
  let i = heap.length;
  while (i > 0 && Math.abs(heap[i - 1]!.m) < size) i -= 1;
  heap.splice(i, 0, hit);
  if (heap.length > TOP) heap.pop();
}

/** Which rows are looked at; the same for everybody. */
function sample(seed: number, count: number): number[] {
  const next = mulberry(seed);
  const rows = Array.from({ length: M }, (_, i) => i);
  for (let i = 0; i < count; i += 1) { const j = i + Math.floor(next() * (M - i)); [rows[i], rows[j]] = [rows[j]!, rows[i]!]; }
  return rows.slice(0, count);
}

async function corpus(): Promise<void> {
  const text = execFileSync('xz', ['-dc', process.env.CORPUS ?? ''], { maxBuffer: 1e8 }).toString();
  const ids = m.tokenizer.encode(text.replace(/\n+/g, '\n')).ids.slice(1);
  // Spread evenly over the author's text.
  const windows = Array.from({ length: WINDOWS }, (_, k) => {
    const from = Math.floor((k * (ids.length - WINDOW)) / WINDOWS);
    return [0, ...ids.slice(from, from + WINDOW - 1)];
  });
  const names = Array.from({ length: L }, (_, l) => `blocks.${l}.mlp.post`);
  const found = names.map(() => ({ plus: heaps(), minus: heaps() }));
  const least = names.map(() => ({ plus: new Float32Array(M), minus: new Float32Array(M) }));
  for (let w = 0; w < windows.length; w += 1) {
    const { tensors } = await engine.run(m.id, { tokens: [windows[w]!], capture: names });
    for (let l = 0; l < L; l += 1) {
      const { data } = tensors[names[l]!]!;
      const { plus, minus } = found[l]!;
      const floor = least[l]!;
      // Never the separator; never the last place, whose successor is not in the window.
      for (let t = 1; t < WINDOW - 1; t += 1)
        for (let r = 0; r < M; r += 1) {
          const x = data[t * M + r]!;
          if (x > floor.plus[r]!) { offer(plus[r]!, { window: w, t, m: x }); if (plus[r]!.length === TOP) floor.plus[r] = plus[r]![TOP - 1]!.m; }
          else if (-x > floor.minus[r]!) { offer(minus[r]!, { window: w, t, m: x }); if (minus[r]!.length === TOP) floor.minus[r] = -minus[r]![TOP - 1]!.m; }
        }
    }
    if (w % 100 === 0) console.log(`window ${w} of ${windows.length}`);
  }
  // A row answers with either sign; the louder one is looked at.
  const loud = found.map(({ plus, minus }) => plus.map((p, r) => (Math.abs(minus[r]![0]?.m ?? 0) > (p[0]?.m ?? 0) ? minus[r]! : p)));
  const says = (hit: Hit, length = 40): [string, string] => {
    const w = windows[hit.window]!;
    const before = Array.from(m.tokenizer.decode(w.slice(1, hit.t + 1)).replace(/\n/g, ' ¶ '));
    return [before.slice(-length).join(''), m.tokenizer.decode([w[hit.t + 1]!])];
  };

  const layers = [];
  for (let l = 0; l < L; l += 1) {
    const top: number[] = [];
    for (let r = 0; r < M; r += 1) {
      const sign = Math.sign(loud[l]![r]![0]!.m);
      const { up, down } = extremes(push(m.net, vector(m.net, l, r)));
      top[r] = sign > 0 ? up : down;
    }
    // Does what the row raises most come next where it answers loudest?
    const next = loud[l]!.map((hits) => windows[hits[0]!.window]![hits[0]!.t + 1]!);
    const agree = top.filter((v, r) => v === next[r]).length / M;
    const any = loud[l]!.filter((hits, r) => hits.some((h) => windows[h.window]![h.t + 1] === top[r])).length / M;
    const chance = next.reduce((s, v) => s + top.filter((x) => x === v).length, 0) / (M * M);
    // How alike the loudest places are: the share of pairs of the eight that end in the same token.
    const same = loud[l]!.map((hits) => { let [n, k] = [0, 0]; hits.forEach((a, i) => hits.slice(i + 1).forEach((b) => { n += 1; k += Number(windows[a.window]![a.t] === windows[b.window]![b.t]); })); return k / n; });
    const seeds = [];
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const ratios = TAILS.slice(0, -1).map(() => [] as number[]);
      for (const r of sample(100 * seed + l, PER_SEED))
        for (const hit of loud[l]![r]!)
          for (const c of await tails(engine, m, windows[hit.window]!, hit.t, l, TAILS)) ratios[TAILS.indexOf(c.keep as 1)]!.push(c.m[r]! / hit.m);
      seeds.push(ratios.map((x) => ({ median: short(median(x)), kept: short(x.filter((q) => q >= 0.5).length / x.length), count: x.length })));
      console.log(`layer ${l} seed ${seed}`, JSON.stringify(seeds.at(-1)));
    }
    layers.push({ layer: l, agree: short(agree), any: short(any), chance: short(chance), same: short(same.reduce((a, b) => a + b, 0) / M), seeds, composed: await composition(l, windows) });
    console.log(JSON.stringify({ ...layers.at(-1), seeds: undefined }));
  }
  const atlas = Array.from({ length: L }, (_, l) => sample(100 + l, 3).map((r) => {
    const sign = Math.sign(loud[l]![r]![0]!.m);
    return { layer: l, index: r, sign, raises: ends(m, push(m.net, vector(m.net, l, r)).map((x) => sign * x), WORDS).raises, hits: loud[l]![r]!.slice(0, 3).map((h) => [short(h.m), ...says(h, 26)]) };
  })).flat();
  const folder = new URL('../../../../chapters/15-feed-forward/data/', import.meta.url);
  await mkdir(folder, { recursive: true });
  await writeFile(new URL('memory.json', folder), `${JSON.stringify({ commit, windows: windows.length, tokens: windows.length * (WINDOW - 1), top: TOP, perSeed: PER_SEED, tails: TAILS.slice(0, -1), layers }, null, 1)}\n`);
  await save({ atlas });
}

/** The tokens that are raised and lowered most; never the separator. */
function extremes(pushes: Float64Array): { up: number; down: number } {
  let [up, down] = [1, 1];
  for (let v = 2; v < V; v += 1) {
    if (pushes[v]! > pushes[up]!) up = v;
    if (pushes[v]! < pushes[down]!) down = v;
  }
  return { up, down };
}

/** How often what a layer raises most is what one of its rows (with the sign it has there) raises most: 400 places. */
async function composition(layer: number, windows: readonly number[][]): Promise<{ places: number; single: number; strongest: number }> {
  const best = Array.from({ length: M }, (_, r) => extremes(push(m.net, vector(m.net, layer, r))));
  const names = [`blocks.${layer}.mlp.post`, `blocks.${layer}.mlp_out`] as const;
  const sizes = Float64Array.from({ length: M }, (_, r) => Math.hypot(...vector(m.net, layer, r)));
  let [places, single, strongest] = [0, 0, 0];
  for (let k = 0; k < 40; k += 1) {
    const w = windows[Math.floor((k * windows.length) / 40)]!;
    const { tensors } = await engine.run(m.id, { tokens: [w], capture: [...names] });
    for (let t = 20; t < WINDOW - 1; t += 24) {
      const top = extremes(push(m.net, tensors[names[1]]!.data.subarray(t * D, (t + 1) * D))).up;
      const row = tensors[names[0]]!.data.subarray(t * M, (t + 1) * M);
      const own = (r: number): number => (row[r]! > 0 ? best[r]!.up : best[r]!.down);
      let loudest = 0;
      let some = false;
      for (let r = 0; r < M; r += 1) {
        if (own(r) === top) some = true;
        if (Math.abs(row[r]!) * sizes[r]! > Math.abs(row[loudest]!) * sizes[loudest]!) loudest = r;
      }
      places += 1;
      single += Number(some);
      strongest += Number(own(loudest) === top);
    }
  }
  return { places, single: short(single / places), strongest: short(strongest / places) };
}

const asked = process.argv.slice(2);
if (asked.length === 0 || asked.includes('figure')) await figure();
if (asked.length === 0 || asked.includes('corpus')) await corpus();
