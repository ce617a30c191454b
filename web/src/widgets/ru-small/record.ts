// Makes every recording of chapter 5 and the numbers its text prints, with the core the page runs, from one model (in web/):
//   node_modules/.bin/node src/widgets/ru-small/record.ts [microscope] [who-moved] [scale-lab] [cache-lab] [numbers]
// MODEL and TOKENIZER name other files than those of models/ru-small.
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { mean } from '../../lib/statistics.ts';
import * as cache from '../cache-lab/model.ts';
import * as micro from '../microscope/model.ts';
import * as scale from '../scale-lab/model.ts';
import { pack } from '../specimen/packed.ts';
import * as moved from '../who-moved/model.ts';
import { SENTENCES } from '../who-moved/sentences.ts';
import { openModel } from './open.ts';

const shipped = new URL('../../../../models/ru-small/', import.meta.url);
const engine = (await openEngine()) as unknown as RemoteEngine; // the same methods; `await` does not mind
const bytes = new Uint8Array(await readFile(process.env.MODEL ?? new URL('model.safetensors', shipped)));
const m = await openModel(engine, bytes, await readFile(process.env.TOKENIZER ?? new URL('tokenizer.json', shipped), 'utf8'));
const { commit } = await engine.info();
const { layers: L, heads: H } = m.net;
/** Which weights: the recording says so, and prose.test.ts compares all of them. */
const model = createHash('sha256').update(bytes).digest('hex').slice(0, 12);

const short = (x: number, digits = 4): number => Number(x.toPrecision(digits));
const list = (a: ArrayLike<number>, digits = 4): number[] => Array.from(a, (x) => short(x, digits));

async function save(name: string, recording: object): Promise<void> {
  const text = JSON.stringify({ commit, model, ...recording });
  await writeFile(new URL(`../${name}/recording.json`, import.meta.url), `${text}\n`);
  console.log(`${name}: ${(text.length / 1024).toFixed(1)} KB`);
  if (new TextEncoder().encode(text).length > 20 * 1024) throw new Error(`${name}/recording.json is over 20 KB`);
}

/** The head whose last row looks hardest at a word, not at the separator and not at itself: the figure opens on it. */
async function opening(): Promise<{ layer: number; head: number }> {
  let best = { layer: 0, head: 0, weight: -1 };
  for (let layer = 1; layer < L; layer += 1)
    for (let head = 0; head < H; head += 1) {
      const f = await micro.ask(engine, m, { text: micro.TEXT, layer, head, at: -1 });
      for (let s = 1; s < f.at - 1; s += 1) if ((f.weights[s] as number) > best.weight) best = { layer, head, weight: f.weights[s] as number };
    }
  return { layer: best.layer, head: best.head };
}

const allArrows = async (text: string): Promise<{ found: moved.Base; effect: (number | null)[] }> => {
  const found = await moved.base(engine, m, text, [0, 1]);
  return { found, effect: await moved.knockOutAll(engine, m, found) };
};

/** Over all sentences: does the weight of an arrow foretell what taking it out does? And what a whole head owes. */
async function arrows(): Promise<object> {
  const pooled: moved.Point[] = [];
  const each: moved.Summary[] = [];
  const [direct, ablated]: [number[], number[]] = [[], []];
  const totals: number[] = [];
  for (const text of SENTENCES) {
    const { found, effect } = await allArrows(text);
    const points = moved.points({ tokens: found.encoded.tokens, headCount: H, weight: found.weight, direct: found.direct, effect });
    pooled.push(...points);
    each.push(moved.summary(points));
    totals.push(found.total);
    const T = found.encoded.ids.length;
    for (let i = 0; i < L * H; i += 1) {
      const zero = { tokens: [found.encoded.ids], capture: ['logits'], ablate: { heads: [{ layer: Math.floor(i / H), head: i % H }], how: 'zero' as const, seed: 1 } };
      const logits = (await engine.run(m.id, zero)).tensors.logits!.data.subarray((T - 1) * m.net.vocab);
      direct.push(found.heads[i]!);
      ablated.push(found.total - (logits[found.a]! - logits[found.b]!));
    }
  }
  const sum = moved.summary(pooled);
  const heavy = [...pooled].sort((a, b) => b.weight - a.weight).slice(0, sum.heavy);
  const effects = (p: readonly moved.Point[]): number[] => p.map((x) => Math.abs(x.effect));
  const middle = moved.median(effects(pooled));
  const sink = pooled.filter((p) => p.source === 0);
  const strong = [...pooled].sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect)).slice(0, Math.round(pooled.length / 100));
  const perLayer = Array.from({ length: L }, (_, l) => {
    const own = pooled.filter((p) => p.layer === l);
    return { weight: short(moved.summary(own).byWeight), direct: short(moved.summary(own).byDirect), effect: short(mean(effects(own))), sink: short(mean(own.filter((p) => p.source === 0).map((p) => p.weight))) };
  });
  const rho = each.map((x) => x.byWeight).sort((a, b) => a - b);
  return {
    sentences: SENTENCES.length, arrows: pooled.length, gap: short(mean(totals)), byWeight: short(sum.byWeight), byDirect: short(sum.byDirect),
    lowest: short(rho[0]!), highest: short(rho[rho.length - 1]!), median: short(middle),
    heavy: { count: heavy.length, threshold: short(sum.threshold), idle: short(sum.idle / heavy.length), effect: short(moved.median(effects(heavy))), sink: short(sum.sink / heavy.length), rho: short(moved.summary(heavy).byWeight), against: short(heavy.filter((p) => p.effect < 0).length / heavy.length) },
    sink: { weight: short(mean(sink.map((p) => p.weight))), byWeight: short(moved.summary(sink).byWeight), effect: short(moved.median(effects(sink))) },
    strong: { count: strong.length, weight: short(moved.median(strong.map((p) => p.weight))), sink: short(strong.filter((p) => p.source === 0).length / strong.length), effect: short(Math.abs(strong[strong.length - 1]!.effect)) },
    layers: perLayer,
    heads: { count: direct.length, spearman: short(moved.spearman(direct, ablated)), sign: short(direct.filter((x, i) => Math.sign(x) === Math.sign(ablated[i]!)).length / direct.length) },
  };
}

async function numbers(): Promise<void> {
  const checks: micro.Checks[] = [];
  for (const text of SENTENCES) checks.push((await micro.measure(engine, m, text)).checks);
  const worst = (key: 'rows' | 'parts' | 'path' | 'stream'): number => short(Math.max(...checks.map((c) => c[key])), 2);
  const first = await micro.ask(engine, m, { text: micro.TEXT, ...(await opening()), at: -1 });
  const table = (await scale.ask(engine, { d: 64, factor: 1, seed: 1 })).table;
  const cached = [];
  for (const mask of ['lower-right', 'upper-left'] as const) {
    const f = await cache.ask(engine, m, { text: cache.TEXT, count: 64, mask });
    const half = f.gaps.length >> 1;
    cached.push({ mask, gap: short(Math.max(...f.gaps), 2), early: short(Math.max(...f.gaps.slice(0, half)), 2), late: short(Math.max(...f.gaps.slice(half)), 2), size: short(f.size, 3), same: f.cached === f.core && f.core === f.full, given: f.given });
  }
  const dims = { layers: L, width: m.net.width, heads: H, head: m.net.head, inner: m.net.inner, vocab: m.net.vocab };
  const out = {
    commit, model,
    checks: { rows: worst('rows'), parts: worst('parts'), path: worst('path'), stream: worst('stream'), size: short(Math.max(...checks.map((c) => c.size)), 3), sameTop: checks.every((c) => c.sameTop) },
    first: { tokens: first.tokens, layer: first.layer, head: first.head, next: first.next.slice(0, 5).map((c) => ({ token: c.token, p: short(c.p, 3) })) },
    scale: table.map((r) => ({ d: r.d, scaledTop: short(r.scaled.top, 3), scaled: short(r.scaled.entropy), plainTop: short(r.plain.top, 3), plain: short(r.plain.entropy) })),
    cache: { right: cached[0], wrong: cached[1], bytes: cache.cacheBytes(dims), ratio: short(cache.costs(dims, 256).full / cache.costs(dims, 256).cached, 3) },
    arrows: await arrows(),
  };
  const folder = new URL('../../../../chapters/05-step-by-step/data/', import.meta.url);
  await mkdir(folder, { recursive: true });
  await writeFile(new URL('measured.json', folder), `${JSON.stringify(out, null, 1)}\n`);
  console.log(JSON.stringify(out, null, 1));
}

const makers: Record<string, () => Promise<void>> = {
  async microscope() {
    const { maps, ...f } = await micro.ask(engine, m, { text: micro.TEXT, ...(await opening()), at: -1 });
    const tables = Object.fromEntries((['embed', 'pre', 'normed', 'gain', 'q', 'rotQ', 'k', 'rotK', 'angles', 'keys', 'values', 'scores', 'weights', 'z', 'write', 'attnOut', 'mid', 'mlpIn', 'mlpOut', 'post', 'final'] as const).map((key) => [key, list(f[key])]));
    await save('microscope', {
      figure: {
        ...f, ...tables, rms: short(f.rms, 5), rest: short(f.rest), next: f.next.map((c) => ({ ...c, logit: short(c.logit, 5), p: short(c.p) })),
        neurons: f.neurons.map((n) => ({ index: n.index, gate: short(n.gate), value: short(n.value), length: short(n.length) })), lengths: f.lengths.map((x) => ({ ...x, value: short(x.value) })),
        checks: { ...f.checks, rows: short(f.checks.rows, 2), parts: short(f.checks.parts, 2), path: short(f.checks.path, 2), stream: short(f.checks.stream, 2), size: short(f.checks.size, 3) },
      },
      maps: maps.map((layer) => layer.map((map) => pack(map))),
    });
  },
  async 'who-moved'() {
    const { found, effect } = await allArrows(moved.TEXT);
    const best = found.heads.reduce((b, x, i) => (Math.abs(x) > Math.abs(found.heads[b]!) ? i : b), 0);
    const f = moved.figure(m, moved.TEXT, found, Math.floor(best / H), best % H, effect);
    await save('who-moved', {
      figure: { ...f, total: short(f.total, 6), sum: short(f.sum, 6), embed: short(f.embed), gap: short(f.gap, 2), ffn: list(f.ffn), heads: list(f.heads, 3), weight: list(f.weight, 3), direct: list(f.direct, 2), effect: f.effect.map((e) => (e === null ? null : short(e, 2))), next: f.next.map((c) => ({ ...c, logit: short(c.logit, 5), p: short(c.p, 3) })) },
    });
  },
  async 'scale-lab'() {
    const f = await scale.ask(engine, { d: 64, factor: 1, seed: 1 });
    await save('scale-lab', { seed: 1, figure: { ...f, table: f.table.map((r) => ({ d: r.d, scaled: { top: short(r.scaled.top), entropy: short(r.scaled.entropy) }, plain: { top: short(r.plain.top), entropy: short(r.plain.entropy) } })), example: { scores: list(f.example.scores, 5), scaled: list(f.example.scaled), plain: list(f.example.plain) } } });
  },
  async 'cache-lab'() {
    const f = await cache.ask(engine, m, { text: cache.TEXT, count: 32, mask: 'lower-right' });
    await save('cache-lab', { figure: { ...f, gaps: list(f.gaps, 2), size: short(f.size, 3) } });
  },
  numbers,
};

const asked = process.argv.slice(2);
for (const name of asked.length > 0 ? asked : Object.keys(makers)) await makers[name]!();
