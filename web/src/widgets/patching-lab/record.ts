// Makes the recording of «Лаборатория подмены» with the core the page runs (in web/):  node_modules/.bin/node src/widgets/patching-lab/record.ts
import { readFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine, TaskConfig } from '../../../../wasm/client/types.ts';
import { save, SEEDS, shorten, trained } from '../truth-bench/five.ts';
import { ask, CLEAN, CONTRASTS, corrupt, headAt, pearson, slope, stranger, type Contrast, type ContrastRow, type Recorded, type Row } from './model.ts';

const PROMPTS = 40;
// A block of ten different letters and six of them again: the seventeenth is asked for.
const [BLOCK, LENGTH] = [10, 16];
const TASK: TaskConfig = { kind: 'repeat', vocab: 32, length: LENGTH, segment_min: BLOCK, segment_max: BLOCK, tiled: true, distinct: true };
const PLACE: Record<Contrast, number> = { source: LENGTH - BLOCK, before: LENGTH - BLOCK - 1, asker: LENGTH - 1 };
const DRAWS = 5;

const engine = await openEngine();
const remote = engine as unknown as RemoteEngine;
type M = Awaited<ReturnType<typeof trained>>;
const sum = (x: readonly number[]): number => x.reduce((a, b) => a + b, 0);
const metricOf = (tokens: number[], kind: 'logit' | 'probability' = 'logit') => ({ kind, position: LENGTH - 1, right: tokens[PLACE.source]! });

/** Effects over all prompts: Σ moved / Σ gap; estimates pooled in units of the metric. */
function contrast(m: M, prompts: number[][], which: Contrast, seed: number): ContrastRow {
  const n = m.layers * m.heads;
  const moved = { denoise: new Array<number>(n).fill(0), noise: new Array<number>(n).fill(0) };
  const guessed = { denoise: new Array<number>(n).fill(0), noise: new Array<number>(n).fill(0) };
  const pairs: Record<'denoise' | 'noise', { exact: number; estimate: number }[]> = { denoise: [], noise: [] };
  let gaps = 0;
  prompts.forEach((clean, k) => {
    const corrupted = corrupt(clean, PLACE[which], stranger(clean, m.vocab, (7 * k + 3 * seed) % m.vocab));
    for (const way of ['denoise', 'noise'] as const) {
      const p = engine.patch(m.id, { clean, corrupted, metric: metricOf(clean), site: 'z', noise: way === 'noise' });
      const gap = p.clean - p.corrupted;
      p.effect.forEach((e, i) => {
        moved[way][i]! += e * gap;
        guessed[way][i]! += p.estimate[i]! * gap;
        pairs[way].push({ exact: e * gap, estimate: p.estimate[i]! * gap });
      });
      if (way === 'noise') gaps += gap;
    }
  });
  const fit = (way: 'denoise' | 'noise') => ({ pearson: pearson(pairs[way]), slope: slope(pairs[way]) });
  const share = (x: number[]): number[] => x.map((v) => v / gaps);
  return { gap: gaps / prompts.length, denoise: share(moved.denoise), noise: share(moved.noise), guess: { denoise: share(guessed.denoise), noise: share(guessed.noise) }, estimate: { denoise: fit('denoise'), noise: fit('noise') } };
}

/** Each head taken out alone: how far the answer's centred logit falls. */
function ablations(m: M, prompts: number[][], how: 'zero' | 'mean'): number[] {
  const V = m.vocab;
  const centred = (row: Float32Array, right: number): number => row[right]! - sum(Array.from(row)) / V;
  return Array.from({ length: m.layers * m.heads }, (_, i) => sum(prompts.map((tokens) => {
    const right = tokens[PLACE.source]!;
    const { data } = engine.intervene(m.id, { tokens, sets: [[], [headAt(i, m.heads)]], how, at: { position: LENGTH - 1, right, wrong: 0 }, rows: true }).rows!;
    return centred(data.subarray(0, V), right) - centred(data.subarray(V), right);
  })) / prompts.length);
}

/** What the attention of layer 0 brings back at the source when the letter is another, and when its embedding is blurred. */
function blur(m: M, prompts: number[][], seed: number): Row['blur'] {
  const at = PLACE.source;
  let [back, lost, backNoise, lostNoise] = [0, 0, 0, 0];
  prompts.forEach((clean, k) => {
    const corrupted = corrupt(clean, at, stranger(clean, m.vocab, (7 * k + 3 * seed) % m.vocab));
    const p = engine.patch(m.id, { clean, corrupted, metric: metricOf(clean), site: 'attn_out', positions: true, layers: [0] });
    lost += p.clean - p.corrupted;
    back += p.effect[at]! * (p.clean - p.corrupted);
    const t = engine.trace(m.id, { tokens: clean, metric: metricOf(clean), from: at, count: 1, draws: DRAWS, seed: 100 * seed + k, site: 'attn_out' });
    lostNoise += t.clean - t.corrupted;
    backNoise += t.restored.data[at]! - t.corrupted;
  });
  return { exchange: back / lost, noise: backNoise / lostNoise, lostExchange: lost / prompts.length, lostNoise: lostNoise / prompts.length };
}

const rows: Row[] = [];
for (const seed of SEEDS) {
  const m = await trained(engine, seed);
  const { tokens, targets } = engine.taskBatch(TASK, PROMPTS, 700 + seed);
  if (tokens.some((t) => t[BLOCK] !== t[0] || new Set(t.slice(0, BLOCK)).size !== BLOCK)) throw new Error('the prompts are not blocks of different letters');
  const { tensors } = engine.run(m.id, { tokens, capture: ['logits'] });
  const hits = tokens.filter((_, b) => {
    const row = tensors.logits!.data.subarray(((b + 1) * LENGTH - 1) * m.vocab, (b + 1) * LENGTH * m.vocab);
    return row.indexOf(Math.max(...row)) === targets[b]!.at(-1);
  }).length;
  const scores = engine.headScores(m.id, { batch: 32, half: 24, seed: 1 }).heads;
  const first = scores.slice(0, m.heads).map((h) => h.previous);
  const previous = first.indexOf(Math.max(...first));
  const metric = sum(tokens.map((t) => engine.patch(m.id, { clean: t, corrupted: t, metric: metricOf(t), site: 'z', layers: [0] }).clean)) / PROMPTS;
  rows.push({
    seed, accuracy: hits / PROMPTS, previous, attends: first[previous]!, metric, zero: ablations(m, tokens, 'zero'), mean: ablations(m, tokens, 'mean'),
    contrasts: Object.fromEntries(CONTRASTS.map((c) => [c, contrast(m, tokens, c, seed)])) as Row['contrasts'], blur: blur(m, tokens, seed),
  });
  console.log(JSON.stringify(shorten(rows.at(-1), 2)));
}
const shipped = engine.loadModel(new Uint8Array(await readFile(new URL('../../../../models/repeat-2l/model.safetensors', import.meta.url))));
const figure = await ask(remote, { id: shipped.id, layers: shipped.config.layers, vocab: shipped.config.vocab }, { clean: CLEAN, corrupted: 'музыоантмузык', noise: false, metric: 'logit' });
const recording: Recorded = shorten({ commit: engine.info().commit, prompts: PROMPTS, rows, figure });
await save('patching-lab', recording);
