// Makes the recording of «Провода схемы» with the core the page runs (in web/):  node_modules/.bin/node src/widgets/wires/record.ts
import { readFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine, TaskConfig } from '../../../../wasm/client/types.ts';
import { corrupt, stranger, CLEAN } from '../patching-lab/model.ts';
import { save, SEEDS, shorten, trained } from '../truth-bench/five.ts';
import { encode, decode } from '../../kit/letters.ts';
import { ask, INPUTS, jointAt, lists, type Contrast, type ContrastRow, type Figure, type Input, type Recorded, type Row } from './model.ts';

const PROMPTS = 40;
// As in the patching lab: a block of ten different letters and six of them again; the seventeenth is asked for.
const [BLOCK, LENGTH] = [10, 16];
const TASK: TaskConfig = { kind: 'repeat', vocab: 32, length: LENGTH, segment_min: BLOCK, segment_max: BLOCK, tiled: true, distinct: true };
const PLACE: Record<Contrast, number> = { source: LENGTH - BLOCK, before: LENGTH - BLOCK - 1, asker: LENGTH - 1 };
const CONTRASTS = Object.keys(PLACE) as Contrast[];

const engine = await openEngine();
const remote = engine as unknown as RemoteEngine;
type M = Awaited<ReturnType<typeof trained>>;

function contrast(m: M, prompts: number[][], which: Contrast, seed: number, previous: number): ContrastRow {
  const three = (): Record<Input, number> => ({ Q: 0, K: 0, V: 0 });
  const out: ContrastRow = { gap: 0, tokens: three(), intoPrevious: three(), previous: three(), direct: 0, total: 0, each: new Array<number>(m.heads).fill(0) };
  prompts.forEach((clean, k) => {
    const corrupted = corrupt(clean, PLACE[which], stranger(clean, m.vocab, (7 * k + 3 * seed) % m.vocab));
    const p = engine.patchPaths(m.id, { clean, corrupted, metric: { position: LENGTH - 1, right: clean[PLACE.source]! } });
    const f = { layers: m.layers, heads: m.heads, ...lists(p) };
    const gap = p.clean - p.corrupted;
    const edge = (from: number, layer: number, head: number, input: Input): number => f.edges[((from * f.layers + layer) * f.heads + head) * 3 + INPUTS.indexOf(input)]!;
    out.gap += gap;
    for (const i of INPUTS) {
      out.tokens[i] += gap * jointAt(f, 0, 1, i);
      out.intoPrevious[i] += gap * edge(0, 0, previous, i);
      out.previous[i] += gap * jointAt(f, 1 + previous, 1, i);
    }
    out.direct += gap * f.direct[1 + previous]!;
    out.total += gap * f.total[1 + previous]!;
    out.each = out.each.map((x, h) => x + gap * edge(1 + previous, 1, h, 'K'));
  });
  const share = (x: number): number => x / out.gap;
  const shares = (x: Record<Input, number>): Record<Input, number> => ({ Q: share(x.Q), K: share(x.K), V: share(x.V) });
  return { gap: out.gap / prompts.length, tokens: shares(out.tokens), intoPrevious: shares(out.intoPrevious), previous: shares(out.previous), direct: share(out.direct), total: share(out.total), each: out.each.map(share) };
}

const rows: Row[] = [];
for (const seed of SEEDS) {
  const m = await trained(engine, seed);
  const { tokens, targets } = engine.taskBatch(TASK, PROMPTS, 700 + seed);
  const { tensors } = engine.run(m.id, { tokens, capture: ['logits'] });
  const hits = tokens.filter((_, b) => {
    const row = tensors.logits!.data.subarray(((b + 1) * LENGTH - 1) * m.vocab, (b + 1) * LENGTH * m.vocab);
    return row.indexOf(Math.max(...row)) === targets[b]!.at(-1);
  }).length;
  const first = engine.headScores(m.id, { batch: 32, half: 24, seed: 1 }).heads.slice(0, m.heads).map((h) => h.previous);
  const previous = first.indexOf(Math.max(...first));
  rows.push({ seed, previous, accuracy: hits / PROMPTS, contrasts: Object.fromEntries(CONTRASTS.map((c) => [c, contrast(m, tokens, c, seed, previous)])) as Row['contrasts'] });
  console.log(JSON.stringify(shorten(rows.at(-1), 2)));
}
const shipped = engine.loadModel(new Uint8Array(await readFile(new URL('../../../../models/repeat-2l/model.safetensors', import.meta.url))));
const { layers, heads, vocab } = shipped.config;
const figures = {} as Record<Contrast, Figure>;
for (const [c, place] of [['source', 5], ['before', 4], ['asker', 12]] as const) {
  const tokens = encode(CLEAN);
  const corrupted = decode(corrupt(tokens, place, stranger(tokens, vocab, encode('о')[0]!)));
  figures[c] = await ask(remote, { id: shipped.id, layers, heads, vocab }, { clean: CLEAN, corrupted, noise: false });
}
const recording: Recorded = shorten({ commit: engine.info().commit, prompts: PROMPTS, rows, figures }, 3);
await save('wires', recording);
