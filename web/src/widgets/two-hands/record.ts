// The recording of «Две руки» and the numbers chapter 15 prints about it, with the core the page runs (in web/):
//   CORPUS=prose-valid.txt.xz node_modules/.bin/node src/widgets/two-hands/record.ts [figure] [0] [1] [2] [3] [4]
// CORPUS is the held-out author, one paragraph a line (models/ru-small/corpus); it is not in this repository.
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { spearman } from '../../lib/statistics.ts';
import { openModel } from '../ru-small/open.ts';
import { ask, means, measure, need, sublayers, TEXT, type Measured, type Need } from './model.ts';

const shipped = new URL('../../../../models/ru-small/', import.meta.url);
const engine = (await openEngine()) as unknown as RemoteEngine;
const m = await openModel(engine, new Uint8Array(await readFile(new URL('model.safetensors', shipped))), await readFile(new URL('tokenizer.json', shipped), 'utf8'));
const { commit } = await engine.info();
const short = (x: number, digits = 3): number => Number(x.toPrecision(digits));
const list = (x: readonly number[], digits = 2): number[] => x.map((v) => (Math.abs(v) < 0.005 ? 0 : short(v, digits)));

async function figure(): Promise<void> {
  const hows = [];
  for (const how of ['alone', 'mean'] as const) {
    const f = await ask(engine, m, TEXT, how);
    hows.push({ ...f, how, loss: list(f.loss, 3), alone: list(f.alone, 3), cost: f.cost.map((c) => list(c)), direct: f.direct.map((c) => list(c)), embed: list(f.embed) });
  }
  const text = JSON.stringify({ commit, hows });
  await writeFile(new URL('recording.json', import.meta.url), `${text}\n`);
  console.log(`recording: ${(text.length / 1024).toFixed(1)} KB`);
}

const GROUPS = 5;
const PASSAGES = 12;
const LENGTH = 128;

interface Tally { count: number; loss: number; cost: number[]; direct: number[] }
const empty = (): Record<Need, Tally> => {
  const one = (): Tally => ({ count: 0, loss: 0, cost: new Array<number>(2 * m.net.layers).fill(0), direct: new Array<number>(2 * m.net.layers).fill(0) });
  return { local: one(), context: one(), rest: one() };
};
function add(into: Record<Need, Tally>, f: Measured): void {
  for (let t = 1; t < f.loss.length; t += 1) {
    const a = into[need(f.alone[t]!, f.loss[t]!)];
    a.count += 1;
    a.loss += f.loss[t]!;
    f.cost.forEach((c, k) => (a.cost[k]! += c[t]!));
    f.direct.forEach((c, k) => (a.direct[k]! += c[t]!));
  }
}
const mean = ({ count, loss, cost, direct }: Tally): object => ({ count, loss: short(loss / count), cost: cost.map((x) => short(x / count)), direct: direct.map((x) => short(x / count)) });

/** Paragraphs spread evenly over the text, dealt to the groups in turn, so that no group is one story's. One group a call: seconds. */
async function corpus(group: number): Promise<void> {
  const text = execFileSync('xz', ['-dc', process.env.CORPUS ?? ''], { maxBuffer: 1e8 }).toString();
  const paragraphs = text.split('\n').filter((p) => p.length > 2 * LENGTH).map((p) => m.tokenizer.encode(p.slice(0, 8 * LENGTH)).ids).filter((ids) => ids.length >= LENGTH);
  const total = GROUPS * PASSAGES;
  const average = await means(engine, m);
  const pairs = sublayers(m.net.layers).map(() => ({ direct: [] as number[], cost: [] as number[] }));
  const tally = { alone: empty(), mean: empty(), zero: empty() };
  for (let i = group; i < total; i += GROUPS) {
    const ids = paragraphs[Math.floor((i * paragraphs.length) / total)]!.slice(0, LENGTH);
    for (const how of ['alone', 'mean', 'zero'] as const) {
      const f = await measure(engine, m, ids, average, how);
      add(tally[how], f);
      if (how === 'mean') f.cost.forEach((c, k) => { for (let t = 1; t < c.length; t += 1) { pairs[k]!.direct.push(f.direct[k]![t]!); pairs[k]!.cost.push(c[t]!); } });
    }
  }
  const one = { ...Object.fromEntries(Object.entries(tally).map(([how, t]) => [how, Object.fromEntries(Object.entries(t).map(([k, x]) => [k, mean(x)]))])), spearman: pairs.map((p) => short(spearman(p.direct, p.cost))) };
  const folder = new URL('../../../../chapters/15-feed-forward/data/', import.meta.url);
  await mkdir(folder, { recursive: true });
  const file = new URL('halves.json', folder);
  const old = JSON.parse(await readFile(file, 'utf8').catch(() => '{"groups":[]}')) as { groups: object[] };
  old.groups[group] = one;
  await writeFile(file, `${JSON.stringify({ commit, passages: PASSAGES, length: LENGTH, groups: old.groups }, null, 1)}\n`);
  console.log(`group ${group}`, JSON.stringify(one.spearman));
}

const asked = process.argv.slice(2);
if (asked.length === 0 || asked.includes('figure')) await figure();
const groups = asked.filter((a) => /^[0-4]$/.test(a)).map(Number);
for (const g of asked.length === 0 ? [0, 1, 2, 3, 4] : groups) await corpus(g);
