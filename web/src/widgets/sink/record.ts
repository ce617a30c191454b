// Makes the recordings of «Сток» and «Сколько она слышит» and the numbers of chapter 16 about ru-small (in web/):
//   node_modules/.bin/node src/widgets/sink/record.ts [sink] [marks] [deaf] [dissent]
// The passages are twenty places of the held-out author, A. I. Kuprin, spread evenly over prose-valid (models/ru-small/corpus).
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { mean } from '../../lib/statistics.ts';
import * as deaf from '../deaf/model.ts';
import * as dissent from '../dissent/model.ts';
import { openModel } from '../ru-small/open.ts';
import { pack } from '../specimen/packed.ts';
import * as sink from './model.ts';

const shipped = new URL('../../../../models/ru-small/', import.meta.url);
const engine = (await openEngine()) as unknown as RemoteEngine; // the same methods; `await` does not mind
const m = await openModel(engine, new Uint8Array(await readFile(new URL('model.safetensors', shipped))), await readFile(new URL('tokenizer.json', shipped), 'utf8'));
const { commit } = await engine.info();
const passages = JSON.parse(await readFile(new URL('./passages.json', import.meta.url), 'utf8')) as string[];
const LIMIT = 200;
const SHORTER = 128; // forty runs a passage
const short = (x: number, digits = 4): number => Number(x.toPrecision(digits));
const list = (a: ArrayLike<number>, digits = 4): number[] => Array.from(a, (x) => short(x, digits));
const over = (rows: readonly (readonly number[])[]): number[] => rows[0]!.map((_, i) => mean(rows.map((r) => r[i]!)));

async function save(name: string, recording: object): Promise<void> {
  const text = JSON.stringify({ commit, ...recording });
  await writeFile(new URL(`../${name}/recording.json`, import.meta.url), `${text}\n`);
  console.log(`${name}: ${(text.length / 1024).toFixed(1)} KB`);
  if (new TextEncoder().encode(text).length > 20 * 1024) throw new Error(`${name}/recording.json is over 20 KB`);
}
async function keep(name: string, measured: object): Promise<void> {
  const folder = new URL('../../../../chapters/16-anomalies/data/', import.meta.url);
  await mkdir(folder, { recursive: true });
  await writeFile(new URL(`${name}.json`, folder), `${JSON.stringify({ experiment: name, commit, ...measured })}\n`);
}

const makers: Record<string, () => Promise<void>> = {
  async sink() {
    const f = await sink.ask(engine, m, { text: sink.TEXT, first: 'start' });
    const strongest = f.heads.weight.indexOf(Math.max(...f.heads.weight));
    const [l, h, T] = [Math.floor(strongest / m.net.heads), strongest % m.net.heads, f.tokens.length];
    const map = f.maps[l]!.subarray(h * T * T, (h + 1) * T * T);
    await save('sink', {
      figure: { ...f, loss: short(f.loss), usual: short(f.usual), evict: list(f.evict, 3), silence: list(f.silence, 3), maps: [], heads: Object.fromEntries(Object.entries(f.heads).map(([k, v]) => [k, list(v, 3)])), stream: { norm: list(f.stream.norm, 3), peak: list(f.stream.peak, 3) } },
      layer: l, head: h, map: pack(map),
    });
    const starts: Record<string, object> = {};
    const usual: number[] = [];
    for (const first of sink.STARTS) {
      const rows: Awaited<ReturnType<typeof sink.look>>[] = [];
      const loss: number[] = [];
      for (const text of passages) {
        const ids = sink.tokensWith(m, text, first, LIMIT - 1 + sink.placeOf(first) + (first === 'none' ? 1 : 0));
        const found = await sink.look(engine, m, ids, sink.placeOf(first));
        rows.push(found);
        loss.push(sink.shared(found.loss, first));
      }
      if (first === 'start') usual.push(...loss);
      const weight = over(rows.map((r) => r.heads.weight));
      starts[first] = {
        weight: list(weight, 3), value: list(over(rows.map((r) => r.heads.value)), 3), share: list(over(rows.map((r) => r.heads.share)), 3), sinks: sink.sinks(weight), mean: short(mean(weight), 3),
        norm: list(over(rows.map((r) => r.stream.norm)), 3), peak: list(over(rows.map((r) => r.stream.peak)), 4), rise: list(loss.map((x, i) => x - usual[i]!), 3),
      };
      console.log(first, starts[first]);
    }
    const places = [0, 1, 5, 20, 50, 100];
    const [evict, silence]: [number[][], number[][]] = [[], []];
    for (const text of passages) {
      const ids = sink.tokensWith(m, text, 'start', LIMIT);
      const { loss } = await sink.look(engine, m, ids);
      evict.push(await sink.evictions(engine, m, ids, loss, 'evict', places));
      silence.push(await sink.evictions(engine, m, ids, loss, 'silence', places));
    }
    // ⊢ sees only itself: its way does not depend on the text.
    const sites = ['resid_pre', 'resid_mid', 'resid_post'].map((site) => `blocks.0.${site}`);
    const { tensors } = await engine.run(m.id, { tokens: [sink.tokensWith(m, passages[0]!, 'start', 8)], capture: sites });
    const own = sites.map((name) => short(Math.hypot(...tensors[name]!.data.subarray(0, m.net.width))));
    await keep('sink', { passages: passages.length, tokens: LIMIT, starts, own, places, evict: evict.map((r) => list(r, 3)), silence: silence.map((r) => list(r, 3)) });
    console.log('evict', over(evict), 'silence', over(silence));
  },
  // Whether the marks inside the text take over from ⊢ when a full stop stands in its place.
  async marks() {
    const SEEN = 20; // rows behind a mark, fewer would be noise
    const found: Record<string, { share: number[]; most: number[] }> = {};
    for (const first of ['start', 'stop'] as const) {
      const [share, most]: [number[], number[]] = [[], []];
      for (const text of passages) {
        const ids = sink.tokensWith(m, text, first, LIMIT);
        const marks = sink.namesOf(m, ids).map((name, j) => (j > 0 && sink.isMark(name) ? j : -1)).filter((j) => j > 0);
        const { maps } = await sink.look(engine, m, ids);
        const on = sink.weightOn(maps, m.net.heads, ids.length, marks);
        share.push(on.share);
        most.push(Math.max(...on.each.filter((w) => w.rows >= SEEN).map((w) => w.weight)));
      }
      found[first] = { share: list(share, 3), most: list(most, 3) };
      console.log('marks', first, mean(share), Math.max(...most));
    }
    await keep('marks', { passages: passages.length, tokens: LIMIT, rows: SEEN, ...found });
  },
  async deaf() {
    const figures: deaf.Figure[] = [];
    for (const text of passages) figures.push(await deaf.ask(engine, m, text));
    const tidy = figures.map((f) => ({ ...f, loss: short(f.loss), kept: list(f.kept, 3), lost: list(f.lost, 3), word: list(f.word, 3) }));
    const cut: number[][] = [];
    for (const text of passages) cut.push(list(await deaf.cut(engine, m, text), 3));
    await keep('deaf', { windows: deaf.WINDOWS, from: deaf.FROM, figures: tidy, cuts: deaf.CUTS, cut });
    console.log('cut', over(cut));
    await save('deaf', { texts: passages.slice(0, 3).map((t) => t.slice(0, 800)), figures: tidy.slice(0, 3), mean: { loss: short(mean(figures.map((f) => f.loss))), kept: list(over(figures.map((f) => f.kept)), 3), lost: list(over(figures.map((f) => f.lost)), 3), word: list(over(figures.map((f) => f.word)), 3) } });
    console.log('kept', over(figures.map((f) => f.kept)), 'lost', over(figures.map((f) => f.lost)), 'word', over(figures.map((f) => f.word)));
  },
  async dissent() {
    const f = await dissent.ask(engine, m, dissent.TEXT);
    const symmetry = f.heads.map((_, i) => short(dissent.symmetry(m.net, Math.floor(i / m.net.heads), i % m.net.heads), 3));
    await save('dissent', { figure: { ...f, loss: short(f.loss), heads: f.heads.map((h) => Object.fromEntries(Object.entries(h).map(([k, v]) => [k, short(v, 3)]))), byPlace: f.byPlace.map((r) => list(r, 2)) }, symmetry });
    const each: dissent.HeadFacts[][] = [];
    const against: number[][] = [];
    for (const text of passages) {
      const found = await dissent.measure(engine, m, sink.tokensWith(m, text, 'start', SHORTER));
      each.push(found.heads);
      against.push(found.byPlace.map((r) => r.filter((x) => x < 0).length / r.length));
      console.log(each.length);
    }
    // The heads whose absence lowers the loss: the same on what the model was trained on, and where copying is right.
    const gain = each[0]!.map((_, i) => mean(each.map((heads) => heads[i]!.loss)));
    const suspects = gain.map((x, i) => ({ x, i })).filter(({ x }) => x < 0).sort((a, b) => a.x - b.x).slice(0, 5).map(({ i }) => i);
    const elsewhere = async (texts: readonly number[][]): Promise<number[][]> => {
      const rows: number[][] = [];
      for (const ids of texts) {
        const found = await dissent.measure(engine, m, ids, suspects);
        rows.push(suspects.map((i) => Math.round(1e4 * found.heads[i]!.loss) / 1e4));
      }
      return rows;
    };
    const trained = JSON.parse(await readFile(new URL('../dissent/trained.json', import.meta.url), 'utf8')) as string[];
    const tokens = (text: string, limit: number): number[] => sink.tokensWith(m, text, 'start', limit);
    const onTrained = await elsewhere(trained.map((t) => tokens(t, SHORTER)));
    const onTwice = await elsewhere(passages.map((t) => { const half = tokens(t, SHORTER / 2); return [...half, ...half.slice(1)]; }));
    console.log(suspects, over(onTrained), over(onTwice));
    const table = (key: keyof dissent.HeadFacts): number[][] => each.map((heads) => heads.map((h) => Math.round(1e4 * h[key]) / 1e4));
    await keep('dissent', { passages: passages.length, tokens: SHORTER, direct: table('direct'), total: table('total'), loss: table('loss'), looked: table('looked'), suspects, onTrained, onTwice, against: list(over(against), 3), symmetry });
  },
};
const asked = process.argv.slice(2);
for (const name of asked.length > 0 ? asked : Object.keys(makers)) await makers[name]!();
