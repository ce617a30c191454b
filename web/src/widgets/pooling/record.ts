// The recordings of «Что под строкой» and «Обученный лжец» (in web/):  node_modules/.bin/node src/widgets/pooling/record.ts [encoder]
// An encoder's runs take half a minute and are kept in build/pooling; with all three kept the recordings are written.
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { ACCOUNTS, ENCODERS, histogram, PENALTIES, SEEDS, sentence, STEPS, summarise, T, train, typical, type Ended, type LiarRecorded, type RowRecorded, type Summary } from './model.ts';

const engine = await openEngine();
const remote = engine as unknown as RemoteEngine; // the same methods; `await` does not mind
const { commit } = engine.info();
const short = (x: number): number => Number(x.toFixed(4));
const tidy = (s: Summary): Summary => JSON.parse(JSON.stringify(s), (_, v: unknown) => (typeof v === 'number' ? Number(v.toPrecision(4)) : v)) as Summary;

interface Part { rows: RowRecorded['encoders'][number]; liar: LiarRecorded['runs']; all: object[] }
async function measure(encoder: (typeof ENCODERS)[number]): Promise<Part> {
  const part: Part = { rows: { encoder, summaries: [], histograms: [] }, liar: [], all: [] };
  for (const penalty of PENALTIES) {
    const ends: Ended[] = [];
    for (const seed of SEEDS) {
      const curve: [number, number][] = [];
      const run = await train(remote, { encoder, penalty, seed }, (p) => void curve.push([short(p.accuracy), short(p.mass)]));
      const a = await remote.poolingAccounts({ encoder, penalty, seed }, run.state);
      const s = tidy(summarise(a));
      ends.push({ accuracy: short(run.accuracy), mass: short(run.mass), hits: ACCOUNTS.map((name) => s.hits[name]) });
      part.all.push({ encoder, penalty, seed, accuracy: short(run.accuracy), loss: Number(run.loss.toPrecision(3)), mass: Number(run.mass.toPrecision(3)), ...s });
      if (penalty === 0) part.rows.summaries.push(s);
      if (seed !== 1) continue;
      const own = sentence(a, typical(a));
      part.liar.push({ encoder, penalty, curve, ends, words: own.words, accounts: ACCOUNTS.map((name) => own.accounts[name].map((v) => Number(v.toFixed(3)))) });
      const M = a.tokens.data.length / T;
      if (penalty === 0) part.rows.histograms = [0, 1, 2].map((p) => histogram(a.agreement.data.subarray(p * M, (p + 1) * M)).map(short));
    }
    console.log(encoder, penalty, ends.map((e) => `${e.accuracy} ${e.mass} [${e.hits.map((h) => h.toFixed(2)).join(' ')}]`).join(' | '));
  }
  return part;
}

const kept = new URL('../../../../build/pooling/', import.meta.url);
await mkdir(kept, { recursive: true });
const file = (encoder: string): URL => new URL(`${encoder}.json`, kept);
for (const encoder of process.argv[2] ? ENCODERS.filter((e) => e === process.argv[2]) : ENCODERS) await writeFile(file(encoder), JSON.stringify(await measure(encoder)));
if (!ENCODERS.every((e) => existsSync(file(e)))) process.exit(0);
const parts = await Promise.all(ENCODERS.map(async (e) => JSON.parse(await readFile(file(e), 'utf8')) as Part));
const rows: RowRecorded = { commit, steps: STEPS, encoders: parts.map((p) => p.rows) };
const liar: LiarRecorded = { commit, steps: STEPS, runs: parts.flatMap((p) => p.liar) };
const all = parts.flatMap((p) => p.all);
for (const [name, recording] of [['under-the-row', rows], ['liar', liar]] as const) {
  const text = JSON.stringify(recording);
  console.log(name, (text.length / 1024).toFixed(1), 'KB');
  if (new TextEncoder().encode(text).length > 20 * 1024) throw new Error(`${name}/recording.json is over 20 KB`);
  await writeFile(new URL(`../${name}/recording.json`, import.meta.url), `${text}\n`);
}
const folder = new URL('../../../../chapters/19-explanation/data/', import.meta.url);
await mkdir(folder, { recursive: true });
await writeFile(new URL('pooling.json', folder), `${JSON.stringify({ commit, steps: STEPS, sentences: 256, runs: all })}\n`);
