// The recording of «Другая карта, тот же ответ» and the chapter's numbers about rows (in web/):
//   node_modules/.bin/node src/widgets/other-maps/record.ts [figure | opening | passage N | sharp | table | join]
// Each piece takes some twenty seconds and is kept in build/other-maps; `join` puts them together. Without a word, all in turn.
// The passages are those of chapter 16: twenty places of the held-out author, A. I. Kuprin.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { spearman } from '../../lib/statistics.ts';
import { openModel } from '../ru-small/open.ts';
import { tokensWith } from '../sink/model.ts';
import { ask, askHead, effective, MAX_TOKENS, TEXT } from './model.ts';

const root = new URL('../../../../', import.meta.url);
const engine = (await openEngine()) as unknown as RemoteEngine; // the same methods; `await` does not mind
const read = async (path: string): Promise<Uint8Array> => new Uint8Array(await readFile(new URL(path, root)));
const m = await openModel(engine, await read('models/ru-small/model.safetensors'), await readFile(new URL('models/ru-small/tokenizer.json', root), 'utf8'));
const { commit } = await engine.info();
const short = (x: number, digits = 3): number => Number(x.toPrecision(digits));

const parts = new URL('build/other-maps/', root);
await mkdir(parts, { recursive: true });
const keep = (name: string, value: unknown): Promise<void> => writeFile(new URL(`${name}.json`, parts), JSON.stringify(value));
const kept = async <V>(name: string): Promise<V> => JSON.parse(await readFile(new URL(`${name}.json`, parts), 'utf8')) as V;

async function figure(): Promise<void> {
  const [layer, head, position] = [3, 1, 63];
  const f = await ask(engine, async () => m, { kind: 'head', text: TEXT, layer, head, position, directions: 32 });
  const list = (x: readonly number[]): number[] => x.map((v) => Number(v.toFixed(4)));
  const own = { ...f, distance: short(f.distance), bound: short(f.bound), gap: short(f.gap, 2), alpha: list(f.alpha), farthest: list(f.farthest), low: list(f.low), high: list(f.high), spread: f.spread.map((v) => short(v)), curve: f.curve.map((c) => c.map((v) => short(v))) };
  const text = JSON.stringify({ commit, figure: own, layer, head, position });
  if (text.length > 20 * 1024) throw new Error('recording.json is over 20 KB');
  await writeFile(new URL('./recording.json', import.meta.url), `${text}\n`);
}

// The heads that the chapter's opening sends the reader to, on the text of the figure.
async function opening(): Promise<void> {
  const ids = tokensWith(m, TEXT, 'start', MAX_TOKENS);
  const rows: object[] = [];
  for (const [layer, head] of [[3, 1], [1, 0], [4, 3]] as const) {
    const f = await askHead(engine, m.id, ids, { layer, head, position: ids.length - 1 });
    rows.push({ layer, head, keys: ids.length, rank: f.rank, distance: short(f.distance), bound: short(f.bound) });
  }
  await writeFile(new URL('chapters/19-explanation/data/opening.json', root), `${JSON.stringify({ commit, rows })}\n`);
}

// Every head of ru-small on five passages, 64 tokens each, from the last place and from one past the threshold.
interface Found { passage: number; layer: number; head: number; keys: number; effective: number; distance: number; bound: number; swap: number; reversed: number }
async function passage(i: number): Promise<void> {
  const passages = (JSON.parse(await readFile(new URL('../sink/passages.json', import.meta.url), 'utf8')) as string[]).filter((_, k) => k % 4 === 0);
  const ids = tokensWith(m, passages[i]!, 'start', 64);
  const rows: Found[] = [];
  for (let l = 0; l < m.net.layers; l += 1)
    for (let h = 0; h < m.net.heads; h += 1)
      for (const keys of [34, 64]) {
        const r = await askHead(engine, m.id, ids, { layer: l, head: h, position: keys - 1 });
        rows.push({ passage: i, layer: l, head: h, keys, effective: short(effective(r.alpha)), distance: short(r.distance), bound: short(r.bound), swap: short(r.swap!.farthest, 2), reversed: short(r.swap!.reversed, 2) });
      }
  await keep(`passage-${i}`, rows);
}

// The two-layer model of chapter 1, d_v = 16: sharp heads.
async function sharp(): Promise<void> {
  const small = await engine.loadModel(await read('models/repeat-2l/model.safetensors'));
  const { tokens } = await engine.taskBatch({ kind: 'repeat', vocab: 32, length: 48, segment_min: 8, segment_max: 24, tiled: true }, 5, 1);
  const rows: object[] = [];
  for (const [sequence, ids] of tokens.entries())
    for (let l = 0; l < 2; l += 1)
      for (let h = 0; h < 4; h += 1) {
        const r = await askHead(engine, small.id, ids, { layer: l, head: h, position: 47 });
        rows.push({ sequence, layer: l, head: h, effective: short(effective(r.alpha)), distance: short(r.distance), bound: short(r.bound) });
      }
  await keep('sharp', rows);
}

// Drawn numbers: five seeds each.
async function table(): Promise<void> {
  const rows: object[] = [];
  for (const [keys, width] of [[16, 16], [17, 16], [18, 16], [32, 16], [64, 16], [64, 32], [64, 8]] as const)
    for (const spread of [0.5, 3]) {
      const found = [];
      for (const seed of [1, 2, 3, 4, 5]) found.push(await engine.rowFreedom({ keys, width, spread, seed }));
      rows.push({ keys, width, spread, distance: found.map((d) => short(d.distance)), bound: found.map((d) => short(Math.max(d.bound, d.distance))), most: found.map((d) => short(Math.max(...d.alpha))), gap: Math.max(...found.map((d) => short(d.gap, 2))) });
    }
  await keep('table', rows);
}

async function join(): Promise<void> {
  const rows = (await Promise.all([0, 1, 2, 3, 4].map((i) => kept<Found[]>(`passage-${i}`)))).flat();
  const long = rows.filter((r) => r.keys === 64);
  const order = short(spearman(long.map((r) => r.effective), long.map((r) => r.distance)));
  const folder = new URL('chapters/19-explanation/data/', root);
  await mkdir(folder, { recursive: true });
  await writeFile(new URL('rows.json', folder), `${JSON.stringify({ commit, order, rows, sharp: await kept('sharp'), table: await kept('table') })}\n`);
}

const pieces: Record<string, (i: number) => Promise<void>> = { figure, opening, passage, sharp, table, join };
const [piece, number] = process.argv.slice(2);
if (piece) await pieces[piece]!(Number(number ?? 0));
else {
  await figure();
  await opening();
  for (let i = 0; i < 5; i += 1) await passage(i);
  await sharp();
  await table();
  await join();
}
