// Makes the recording of «Иголка» with ru-small and the core the page runs:  node_modules/.bin/node src/widgets/needle/record.ts   (in web/)
import { readFile, writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { openModel } from '../ru-small/open.ts';
import { label } from '../ru-small/tokenizer.ts';
import { mulberry } from '../../lib/random.ts';
import { ask, DISTANCES, forced, gain, generate, hide, MANY, NEEDLES, ref, stranger, type Gain, type Masked, type Recorded, type Row } from './model.ts';

const shipped = new URL('../../../../models/ru-small/', import.meta.url);
const engine = (await openEngine()) as unknown as RemoteEngine; // the same methods; `await` does not mind
const m = await openModel(engine, new Uint8Array(await readFile(new URL('model.safetensors', shipped))), await readFile(new URL('tokenizer.json', shipped), 'utf8'));
const passages = JSON.parse(await readFile(new URL('./passages.json', import.meta.url), 'utf8')) as string[];
const { layers: L, heads: H } = m.net;
const heads = Array.from({ length: L * H }, (_, i) => i);
const short = (x: number): number => Math.round(x * 1000) / 1000;
const mean = (x: readonly number[]): number => short(x.reduce((a, b) => a + b, 0) / x.length);
const over = (g: readonly Gain[]): Gain => ({ first: mean(g.map((x) => x.first)), rest: mean(g.map((x) => x.rest)), prose: mean(g.map((x) => x.prose)) });

// First pass: scores of every needle. The heads are ranked on the even needles, and taken out on the odd ones.
const rows: Row[] = [];
const seen = new Array<number>(L * H).fill(0);
for (const [passage, text] of passages.entries()) for (const distance of DISTANCES) {
  const sum = new Array<number>(L * H).fill(0);
  let [exact, literal, between] = [0, 0, 0];
  for (const [i, needle] of NEEDLES.entries()) {
    const c = hide(m, text, distance, needle);
    const g = await generate(engine, m, c);
    exact += Number(g.written.every((t, k) => t === c.answer[k]));
    literal = Math.max(literal, ...g.score);
    between += c.between;
    const { score } = await forced(engine, m, c);
    score.forEach((x, h) => { sum[h]! += x / NEEDLES.length; if (i % 2 === 0) seen[h]! += x; });
  }
  rows.push({ passage, distance, between: mean([between / NEEDLES.length]), exact, literal: short(literal), forced: sum.map(short), masked: {} as Masked });
  console.log(passage, distance, 'between', between / NEEDLES.length, 'exact', exact, 'literal', literal, '4.0', short(sum[32]!));
}
const ranked = [...heads].sort((a, b) => seen[b]! - seen[a]!);
const drawn = passages.map((_, k) => {
  const next = mulberry(k + 1);
  const rest = ranked.slice(MANY).map((h) => [next(), h] as const).sort((a, b) => a[0] - b[0]).map(([, h]) => h);
  return { one: rest[0]!, five: rest.slice(0, MANY) };
});
for (const r of rows) {
  const all: Record<keyof Masked, Gain[]> = { whole: [], best: [], five: [], other: [], others: [] };
  const sets = { whole: [], best: ranked.slice(0, 1), five: ranked.slice(0, MANY), other: [drawn[r.passage]!.one], others: drawn[r.passage]!.five };
  for (const [i, needle] of NEEDLES.entries()) {
    if (i % 2 === 0) continue;
    const own = hide(m, passages[r.passage]!, r.distance, needle);
    const other = hide(m, passages[r.passage]!, r.distance, needle, stranger(i).answer);
    for (const key of Object.keys(sets) as (keyof Masked)[]) all[key].push(await gain(engine, m, own, other, sets[key].map((h) => ref(h, H))));
  }
  r.masked = { whole: over(all.whole), best: over(all.best), five: over(all.five), other: over(all.other), others: over(all.others) };
  console.log(r.passage, r.distance, Object.entries(r.masked).map(([k, g]) => `${k} ${g.first}/${g.rest}/${g.prose}`).join('  '));
}
// Who feeds the first head: the strongest previous-token head, taken out alone.
const { heads: known } = await engine.headScores(m.id, { batch: 16, half: 64, seed: 1 });
const previous = known.reduce((b, x) => (x.previous > b.previous ? x : b));
const partner = { head: previous.layer * H + previous.head, score: short(previous.previous), gains: [] as Gain[] };
for (const r of rows) {
  const gains: Gain[] = [];
  for (const [i, needle] of NEEDLES.entries()) if (i % 2 === 1) gains.push(await gain(engine, m, hide(m, passages[r.passage]!, r.distance, needle), hide(m, passages[r.passage]!, r.distance, needle, stranger(i).answer), [ref(partner.head, H)]));
  partner.gains.push(over(gains));
}
console.log('partner', partner.head, partner.score, partner.gains.map((g) => g.rest).join(' '));
const scores = heads.map((h) => mean(rows.map((r) => r.forced[h]!)));
const induction = known.map((x) => short(x.induction));
const f = await ask(engine, m, passages, { needle: 1, passage: 1, distance: 80, off: [ranked[0]!] }, label);
const figure = { ...f, literal: f.literal.map(short), forced: f.forced.map(short), whole: over([f.whole]), without: over([f.without]) };
const recording: Recorded = { commit: (await engine.info()).commit, figure, ranked, scores, induction, drawn, partner, rows: rows.map((r) => ({ ...r, forced: [] })) };
console.log('ranked', ranked.slice(0, 8).map((h) => `${Math.floor(h / H)}.${h % H} ${scores[h]} (${induction[h]})`).join('  '));
const text = JSON.stringify(recording);
console.log(`${(text.length / 1024).toFixed(1)} KB`);
await writeFile(new URL('./recording.json', import.meta.url), `${text}\n`);
