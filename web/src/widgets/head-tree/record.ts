// Makes the recording of «Дерево голов» with the core the page runs (in web/):  node_modules/.bin/node src/widgets/head-tree/record.ts
import { readFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine, TensorData } from '../../../../wasm/client/types.ts';
import { parseSentences } from '../../data/sentences.ts';
import { median } from '../../lib/statistics.ts';
import { withTokenizer } from '../head-atlas/subjects.ts';
import { pack } from '../specimen/packed.ts';
import { save, shorten } from '../truth-bench/five.ts';
import { cut, CUT, foretold, nearest, perHead, type Merge, type Recorded, type SetRow } from './model.ts';

const [SETS, WINDOWS, LENGTH] = [5, 2, 48];
const engine = await openEngine();
const file = async (name: string): Promise<Uint8Array> => new Uint8Array(await readFile(new URL(`../../../../models/ru-small/${name}`, import.meta.url)));
const subject = await withTokenizer(engine as unknown as RemoteEngine, await file('model.safetensors'), await file('tokenizer.json'));
const { layers: L, heads: H } = subject.info.config;
const N = L * H;
const sentences = parseSentences(await readFile(new URL('../../data/sentences.txt', import.meta.url), 'utf8'));

/** Windows of running text, each behind the separator; the sets share no sentence. Set 0 makes the tree. */
let at = 0;
async function windows(count: number): Promise<number[][]> {
  const out: number[][] = [];
  while (out.length < count) {
    let text = '';
    let ids: number[] = [];
    while (ids.length < LENGTH) {
      text += `${text ? ' ' : ''}${sentences[at]!.text}`;
      at += 1;
      ({ ids } = await subject.tokenise(text));
    }
    out.push(ids.slice(0, LENGTH));
  }
  return out;
}
const treeTokens = await windows(4);
const sets: number[][][] = [];
for (let s = 0; s < SETS; s += 1) sets.push(await windows(WINDOWS));
console.log(`${at} sentences, ${N} heads`);

const found = engine.headSimilarity(subject.id, treeTokens);
const distance = found.distance.data;
const names = Array.from({ length: L }, (_, l) => `blocks.${l}.attn.pattern`);

/** Head a of one layer looks with the map that head b has on the same text. */
function lossWith(tokens: number[][], maps: Record<string, TensorData>, a: number, b: number): number {
  const name = names[Math.floor(a / H)]!;
  const from = maps[names[Math.floor(b / H)]!]!;
  const own = maps[name]!;
  const value = { shape: own.shape, data: own.data.slice() };
  const size = LENGTH * LENGTH;
  for (let w = 0; w < tokens.length; w += 1) value.data.set(from.data.subarray((w * H + (b % H)) * size, (w * H + (b % H) + 1) * size), (w * H + (a % H)) * size);
  return engine.run(subject.id, { tokens, capture: [], replace: [{ name, value }] }).loss;
}

const merges = found.merges as Merge[];
const clusters = cut(merges, CUT);
const rows: SetRow[] = [];
const zeros = new Float64Array(N);
for (const tokens of sets) {
  const start = performance.now();
  const whole = engine.run(subject.id, { tokens, capture: names });
  const here = new Float64Array(N * N);
  for (let a = 0; a < N; a += 1)
    for (let b = 0; b < N; b += 1) if (a !== b) here[a * N + b] = lossWith(tokens, whole.tensors, a, b) - whole.loss;
  const zero = Array.from({ length: N }, (_, a) => engine.run(subject.id, { tokens, capture: [], ablate: { heads: [{ layer: Math.floor(a / H), head: a % H }], how: 'zero' } }).loss - whole.loss);
  const { within, across } = foretold(clusters, here);
  rows.push({ loss: whole.loss, ...nearest(distance, here, N), rhoPerHead: median(perHead(distance, here, N)), within, across, zero: median(zero) });
  zero.forEach((x, i) => { zeros[i]! += x / SETS; });
  console.log(JSON.stringify(shorten(rows.at(-1), 3)), `${Math.round(performance.now() - start)} ms`);
}
const recording: Recorded = { ...shorten({ commit: engine.info().commit, layers: L, heads: H, tokens: WINDOWS * LENGTH, text: sentences[0]!.text, merges, sets: rows }, 4), distance: pack(distance) };
await save('head-tree', recording, { chapter: '10-collapse', name: 'head-tree', value: { ...shorten({ sets: rows, zero: Array.from(zeros) }, 4), commit: recording.commit } });
