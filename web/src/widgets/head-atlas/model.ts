// The atlas of a model's heads: every sentence of the course is shown to it, and every head is scored.
// Works on any model the engine holds, given a way to cut text into its tokens.
import type { HeadRef, ModelInfo, RemoteEngine, TensorData } from '../../../../wasm/client/types.ts';
import { KINDS, queries, type Sentence } from '../../data/sentences.ts';
import { ask as answer, HeadMeter, jensenShannon, relation, wordRow, type Answer, type Layout, type Relation, type Roles } from './meter.ts';

/** A model ready to be mapped. */
export interface Subject {
  id: number;
  info: ModelInfo;
  /** Token ids of a sentence and where each token stands in it (UTF-16); [0, 0] for what is not in the text. */
  tokenise(text: string): Promise<{ ids: number[]; spans: [number, number][] }>;
}

export interface Example {
  sentence: number;
  /** Word indices, query and key, and the weight between them. */
  from: number;
  to: number;
  weight: number;
}
export interface Neighbour {
  head: number;
  distance: number;
}
/** Everything the figure draws; heads are numbered layer · H + head. */
export interface Atlas {
  layers: number;
  heads: number;
  sentences: number;
  skipped: number;
  tokens: number;
  roles: Roles[];
  uniform: Roles;
  /** Induction, duplicate and previous-token scores on random tokens repeated twice. */
  repeats: { duplicate: number; induction: number }[];
  repeatsUniform: { duplicate: number; induction: number };
  relations: Relation[];
  examples: Example[][];
  neighbours: Neighbour[][];
}

/** Letters of the course's alphabet, for models whose vocabulary they are. */
export function letterTokens(text: string): { ids: number[]; spans: [number, number][] } {
  const ids: number[] = [];
  const spans: [number, number][] = [];
  for (let i = 0; i < text.length; i += 1) {
    const letter = text[i]!.toLowerCase().replace('ё', 'е');
    const id = letter.charCodeAt(0) - 'а'.charCodeAt(0);
    if (letter.length === 1 && id >= 0 && id < 32) {
      ids.push(id);
      spans.push([i, i + 1]);
    }
  }
  return { ids, spans };
}

/** Which word each token belongs to: the word that holds its first character which is not a space. */
export function layoutOf({ text, words }: Sentence, spans: readonly [number, number][]): Layout {
  const word = spans.map(([begin, end]) => {
    if (end <= begin) return -1;
    let at = begin;
    while (at + 1 < end && /\s/u.test(text[at] as string)) at += 1;
    return words.findIndex((w) => at >= w.begin && at < w.end);
  });
  return { word, punctuation: words.map((w) => w.punctuation) };
}

const patternName = (layer: number): string => `blocks.${layer}.attn.pattern`;

/** Map of one head, [T, T], out of a captured [1, H, T, T]. */
export function mapOf(pattern: TensorData, head: number): Float32Array {
  const T = pattern.shape.at(-1) as number;
  return pattern.data.subarray(head * T * T, (head + 1) * T * T);
}

export interface Shown {
  ids: number[];
  spans: [number, number][];
  layout: Layout;
  /** [L · H] maps of [T, T]. */
  maps: Float32Array[];
}

/** One sentence through the model; null when it does not fit the context or leaves nothing to look at. */
export async function show(engine: RemoteEngine, m: Subject, sentence: Sentence): Promise<Shown | null> {
  const { ids, spans } = await m.tokenise(sentence.text);
  const { layers, heads, context } = m.info.config;
  if (ids.length < 3 || ids.length > context) return null;
  const { tensors } = await engine.run(m.id, { tokens: [ids], capture: Array.from({ length: layers }, (_, l) => patternName(l)) });
  const maps: Float32Array[] = [];
  for (let l = 0; l < layers; l += 1) {
    const pattern = tensors[patternName(l)];
    if (!pattern) throw new Error('the engine sent no attention pattern');
    for (let h = 0; h < heads; h += 1) maps.push(mapOf(pattern, h));
  }
  return { ids, spans, layout: layoutOf(sentence, spans), maps };
}

/** The strongest link of a head between two different words of one sentence. */
function strongest(rows: readonly (Float64Array | null)[]): Omit<Example, 'sentence'> | null {
  let best: Omit<Example, 'sentence'> | null = null;
  rows.forEach((row, from) => {
    if (row) for (let to = 0; to < from; to += 1) if (!best || row[to]! > best.weight) best = { from, to, weight: row[to]! };
  });
  return best;
}

const EXAMPLES = 3;
const NEIGHBOURS = 3;

/** Gathers sentence after sentence, so that a page can show progress and stop. */
export class Surveyor {
  #meters: HeadMeter[];
  #uniform = new HeadMeter();
  #answers: Answer[][] = KINDS.map(() => []);
  #examples: Example[][];
  #distance: Float64Array;
  #rows = 0;
  #tokens = 0;
  #seen = 0;
  #skipped = 0;
  readonly layers: number;
  readonly heads: number;
  readonly total: number;

  constructor(layers: number, heads: number) {
    this.layers = layers;
    this.heads = heads;
    this.total = layers * heads;
    this.#meters = Array.from({ length: this.total }, () => new HeadMeter());
    this.#examples = Array.from({ length: this.total }, () => []);
    this.#distance = new Float64Array(this.total ** 2);
  }

  skip(): void {
    this.#skipped += 1;
  }

  add(index: number, sentence: Sentence, shown: Shown): void {
    const { ids, layout, maps } = shown;
    const T = ids.length;
    this.#seen += 1;
    this.#tokens += T;
    for (let t = 0; t < T; t += 1) {
      maps.forEach((map, h) => this.#meters[h]!.addRow((s) => map[t * T + s] as number, t, ids, layout));
      this.#uniform.addRow(() => 1 / (t + 1), t, ids, layout);
    }
    const rows = maps.map((map) => sentence.words.map((_, i) => (layout.word.includes(i) ? wordRow(map, layout, i) : null)));
    for (const query of queries(sentence)) {
      const got = answer(query, layout, rows.map((r) => r[query.from] ?? new Float64Array(sentence.words.length)), index);
      if (got) this.#answers[query.kind]!.push(got);
    }
    rows.forEach((r, h) => {
      const link = strongest(r);
      if (link) this.#examples[h]!.push({ sentence: index, ...link });
    });
    this.#compare(maps, T);
  }

  #compare(maps: readonly Float32Array[], T: number): void {
    for (let t = 1; t < T; t += 1) {
      this.#rows += 1;
      for (let a = 0; a < this.total; a += 1)
        for (let b = a + 1; b < this.total; b += 1) this.#distance[a * this.total + b]! += jensenShannon(maps[a]!, maps[b]!, t * T, t + 1);
    }
  }

  #nearest(a: number): Neighbour[] {
    return Array.from({ length: this.total }, (_, b) => ({ head: b, distance: this.#distance[Math.min(a, b) * this.total + Math.max(a, b)]! / Math.max(1, this.#rows) }))
      .filter((n) => n.head !== a).sort((x, y) => x.distance - y.distance).slice(0, NEIGHBOURS);
  }

  result(repeats: Pick<Atlas, 'repeats' | 'repeatsUniform'>): Atlas {
    return {
      layers: this.layers, heads: this.heads, sentences: this.#seen, skipped: this.#skipped, tokens: this.#tokens,
      roles: this.#meters.map((m) => m.value()), uniform: this.#uniform.value(), ...repeats,
      relations: this.#answers.map((a) => relation(a, this.total)),
      examples: this.#examples.map((e) => e.sort((x, y) => y.weight - x.weight).slice(0, EXAMPLES)),
      neighbours: Array.from({ length: this.total }, (_, h) => this.#nearest(h)),
    };
  }
}

/** The random-repeat protocol, at a length that stays quick. */
export async function onRepeats(engine: RemoteEngine, m: Subject): Promise<Pick<Atlas, 'repeats' | 'repeatsUniform'>> {
  const half = Math.min(24, Math.floor(m.info.config.context / 2));
  // A large vocabulary makes the logits large: then fewer sequences.
  const batch = Math.max(1, Math.min(8, Math.floor(8e6 / (2 * half * m.info.config.vocab))));
  const { heads, baseline } = await engine.headScores(m.id, { batch, half, seed: 1 });
  return { repeats: heads.map(({ duplicate, induction }) => ({ duplicate, induction })), repeatsUniform: { duplicate: baseline.duplicate, induction: baseline.induction } };
}

export async function survey(engine: RemoteEngine, m: Subject, sentences: readonly Sentence[], onProgress: (done: number) => void = () => {}, signal?: AbortSignal): Promise<Atlas> {
  const surveyor = new Surveyor(m.info.config.layers, m.info.config.heads);
  const repeats = await onRepeats(engine, m);
  for (const [i, sentence] of sentences.entries()) {
    signal?.throwIfAborted();
    const shown = await show(engine, m, sentence);
    if (shown) surveyor.add(i, sentence, shown);
    else surveyor.skip();
    if (i % 8 === 7) onProgress(i + 1);
  }
  return surveyor.result(repeats);
}

/** How much the loss per token grows on the sentences when a head's output is replaced by zeros or its mean. */
export async function ablationCost(engine: RemoteEngine, m: Subject, sentences: readonly Sentence[], head: HeadRef, signal?: AbortSignal): Promise<{ loss: number; zero: number; mean: number; predictions: number }> {
  const sum = { loss: 0, zero: 0, mean: 0, predictions: 0 };
  for (const sentence of sentences) {
    signal?.throwIfAborted();
    const { ids } = await m.tokenise(sentence.text);
    if (ids.length < 3 || ids.length > m.info.config.context) continue;
    const n = ids.length - 1;
    const whole = (await engine.run(m.id, { tokens: [ids], capture: [] })).loss;
    sum.loss += whole * n;
    for (const how of ['zero', 'mean'] as const) sum[how] += ((await engine.run(m.id, { tokens: [ids], capture: [], ablate: { heads: [head], how } })).loss - whole) * n;
    sum.predictions += n;
  }
  const n = Math.max(1, sum.predictions);
  return { loss: sum.loss / n, zero: sum.zero / n, mean: sum.mean / n, predictions: sum.predictions };
}
