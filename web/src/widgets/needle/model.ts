// A needle in Russian prose, and the retrieval score of Wu et al. (2024) taken literally: while the answer is generated, a head
// scores where its largest weight falls on a token of the needle and that very token is written. The same with the right tokens
// given one by one («подсказанная») says where heads would look if the model were on the right way.
import type { HeadRef, RemoteEngine, TensorData } from '../../../../wasm/client/types.ts';
import type { RuSmall } from '../ru-small/open.ts';

export interface Needle { cue: string; answer: string }
export const NEEDLES: readonly Needle[] = [
  { cue: 'Ключ от погреба лежал под', answer: 'синей бочкой' },
  { cue: 'Доктора звали', answer: 'Арсений Лукич' },
  { cue: 'Лошадь купили у', answer: 'старого цыгана' },
  { cue: 'Самовар починил', answer: 'рыжий слесарь' },
  { cue: 'Деньги спрятали в', answer: 'медном чайнике' },
  { cue: 'Поезд отходил в', answer: 'половине седьмого' },
  { cue: 'Собаку назвали', answer: 'Полканом' },
  { cue: 'Любимым цветком княгини был', answer: 'белый шиповник' },
  { cue: 'Мост построили', answer: 'пленные шведы' },
  { cue: 'Дядя служил в', answer: 'конной артиллерии' },
];
/** Whose answer stands in the other text, where nothing tells the right one. */
export const stranger = (i: number): Needle => NEEDLES[(i + 3) % NEEDLES.length]!; // of the reader's own as well
/** Tokens of prose between the needle and the question, at least. */
export const DISTANCES = [0, 30, 80, 140] as const;
export const LIMIT = 250;
export const MANY = 5;

export interface Case {
  /** Text up to and with the cue; then the answer. */
  tokens: number[];
  answer: number[];
  /** The needle: where the answer stands in the prose, [from, to). */
  from: number;
  to: number;
  between: number;
}
const sentences = (text: string): string[] => (text.match(/[^.!?…]+[.!?…]+\s*/g) ?? [text]).map((x) => x.trim());

/** A sentence, the needle, prose of at least `distance` tokens, the cue again. `told`: the answer that the needle gives. */
export function hide(m: RuSmall, passage: string, distance: number, needle: Needle, told = needle.answer): Case {
  const ids = (text: string): number[] => m.tokenizer.encode(text).ids;
  const [first, ...others] = sentences(passage);
  const lead = [first, needle.cue].join(' ');
  const from = ids(lead).length;
  const to = ids(`${lead} ${told}`).length;
  const before = ids(`${lead} ${told}.`).length;
  let between = '';
  while (others.length > 0 && distance > 0 && ids(between).length - 1 < distance) between = [between, others.shift()].filter(Boolean).join(' ');
  const text = [`${lead} ${told}.`, between, needle.cue].filter(Boolean).join(' ');
  const tokens = ids(text);
  const answer = ids(`${text} ${needle.answer}`).slice(tokens.length);
  if (tokens.length + answer.length > LIMIT) throw new Error(`Текст длиннее ${LIMIT} токенов`);
  return { tokens, answer, from, to, between: ids([`${lead} ${told}.`, between].filter(Boolean).join(' ')).length - before };
}

type Engine = Pick<RemoteEngine, 'run'>;
function argmax(row: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < row.length; i += 1) if (row[i]! > row[best]!) best = i;
  return best;
}
const patterns = (layers: number): string[] => Array.from({ length: layers }, (_, l) => `blocks.${l}.attn.pattern`);
/** Row `t` of every head's map, [L·H][T]. */
function rowsAt(tensors: Record<string, TensorData>, layers: number, t: number): Float32Array[] {
  return patterns(layers).flatMap((name) => {
    const { shape: [, H, T], data } = tensors[name] as { shape: [number, number, number, number]; data: Float32Array };
    return Array.from({ length: H }, (_, h) => data.slice((h * T + t) * T, (h * T + t + 1) * T));
  });
}

// #region score
/** A head that looks along `row` while `written` is written. */
export function hits(
  c: Pick<Case, 'tokens' | 'from' | 'to'>,
  row: ArrayLike<number>, written: number,
): boolean {
  const j = argmax(row);
  return j >= c.from && j < c.to && c.tokens[j] === written;
}
// #endregion

export interface Generated { written: number[]; /** Wu et al., [L·H]. */ score: number[] }
/** As many tokens as the answer has, each the likeliest, and the score of every head meanwhile. */
export async function generate(engine: Engine, m: RuSmall, c: Case): Promise<Generated> {
  const { layers: L, heads: H, vocab: V } = m.net;
  const tokens = [...c.tokens];
  const score = new Array<number>(L * H).fill(0);
  for (const _ of c.answer) {
    const { tensors } = await engine.run(m.id, { tokens: [tokens], capture: [...patterns(L), 'logits'] });
    const at = tokens.length - 1;
    const token = argmax(tensors.logits!.data.subarray(at * V, (at + 1) * V));
    rowsAt(tensors, L, at).forEach((row, i) => { if (hits(c, row, token)) score[i]! += 1 / (c.to - c.from); });
    tokens.push(token);
  }
  return { written: tokens.slice(c.tokens.length), score };
}

export interface Forced { /** [L·H] */ score: number[]; /** Each head's row where the answer's last token is asked. */ rows: Float32Array[] }
/** The same with the right tokens given. */
export async function forced(engine: Engine, m: RuSmall, c: Case): Promise<Forced> {
  const { layers: L, heads: H } = m.net;
  const { tensors } = await engine.run(m.id, { tokens: [[...c.tokens, ...c.answer]], capture: patterns(L) });
  const score = new Array<number>(L * H).fill(0);
  let rows: Float32Array[] = [];
  c.answer.forEach((token, i) => {
    rows = rowsAt(tensors, L, c.tokens.length - 1 + i);
    rows.forEach((row, h) => { if (hits(c, row, token)) score[h]! += 1 / (c.to - c.from); });
  });
  return { score, rows };
}

/** Log-probability of the answer's first token and of the others (mean), and the loss of the text before the cue. */
export interface Read { first: number; rest: number; prose: number }
export async function read(engine: Engine, m: RuSmall, c: Case, off: readonly HeadRef[]): Promise<Read> {
  const { losses } = await engine.run(m.id, { tokens: [[...c.tokens, ...c.answer]], capture: [], ...(off.length > 0 && { ablate: { heads: [...off], how: 'zero' } }) });
  const at = c.tokens.length - 1;
  const n = c.answer.length;
  let [rest, prose] = [0, 0];
  for (let i = 1; i < n; i += 1) rest -= losses.data[at + i]! / (n - 1);
  for (let t = 0; t < c.from - 1; t += 1) prose += losses.data[t]! / (c.from - 1);
  return { first: -losses.data[at]!, rest, prose };
}
/** What the needle adds to the answer: against the same text that tells another answer. */
export interface Gain { first: number; rest: number; prose: number }
export async function gain(engine: Engine, m: RuSmall, own: Case, other: Case, off: readonly HeadRef[] = []): Promise<Gain> {
  const [a, b] = [await read(engine, m, own, off), await read(engine, m, other, off)];
  return { first: a.first - b.first, rest: a.rest - b.rest, prose: a.prose };
}

export const ref = (i: number, heads: number): HeadRef => ({ layer: Math.floor(i / heads), head: i % heads });

export interface Figure {
  needle: number;
  passage: number;
  distance: number;
  /** As they are shown; the answer, which is given, at the end. */
  tokens: string[];
  from: number;
  to: number;
  asked: number;
  between: number;
  written: string;
  answer: string;
  literal: number[];
  forced: number[];
  /** Weights of every head where the last token of the answer is asked, hundredths; [L·H][T − 1]. */
  rows: number[][];
  whole: Gain;
  off: number[];
  without: Gain;
}
export interface Inputs { needle: number; passage: number; distance: number; off: readonly number[]; /** The reader's, when `needle` is past the last. */ own?: Needle }

export async function ask(engine: Engine, m: RuSmall, passages: readonly string[], q: Inputs, label: (name: string) => string): Promise<Figure> {
  const needle = NEEDLES[q.needle] ?? q.own ?? NEEDLES[0]!;
  const c = hide(m, passages[q.passage]!, q.distance, needle);
  const other = hide(m, passages[q.passage]!, q.distance, needle, stranger(q.needle).answer);
  const g = await generate(engine, m, c);
  const f = await forced(engine, m, c);
  const whole = await gain(engine, m, c, other);
  const off = q.off.map((i) => ref(i, m.net.heads));
  return {
    needle: q.needle, passage: q.passage, distance: q.distance, tokens: [...c.tokens, ...c.answer].map((id) => label(m.tokenizer.name(id))), from: c.from, to: c.to, asked: c.tokens.length - 1, between: c.between,
    written: m.tokenizer.decode(g.written), answer: m.tokenizer.decode(c.answer), literal: g.score, forced: f.score, rows: f.rows.map((row) => Array.from(row, (w) => Math.round(100 * w))),
    whole, off: [...q.off], without: off.length > 0 ? await gain(engine, m, c, other, off) : whole,
  };
}

export interface Masked { whole: Gain; best: Gain; five: Gain; other: Gain; others: Gain }
export interface Row {
  passage: number;
  distance: number;
  /** Mean number of tokens in between. */
  between: number;
  /** Of ten needles: answered word for word; the largest literal score of any head. */
  exact: number;
  literal: number;
  /** Mean prompted score of every head, [L·H]. */
  forced: number[];
  /** On the needles that the ranking has not seen. */
  masked: Masked;
}
export interface Recorded { commit: string; figure: Figure; ranked: number[]; scores: number[]; induction: number[]; drawn: { one: number; five: number[] }[]; partner: { head: number; score: number; gains: Gain[] }; rows: Row[] }
