// The map of a model's heads on what it reads, beside the same map on the same tokens in no order: what of a role belongs to the text.
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import type { Sentence } from '../../data/sentences.ts';
import { HeadMeter, type Layout, type Roles } from '../head-atlas/meter.ts';
import { layoutOf, mapOf, type Subject } from '../head-atlas/model.ts';
import { excess } from '../head-atlas/scores.ts';
import type { ModelName } from '../head-atlas/subjects.ts';

export const ROLES = ['first', 'previous', 'inside', 'punctuation', 'duplicate', 'induction'] as const;
export type Role = (typeof ROLES)[number];
export const NAMES: Record<Role | 'none', string> = { first: 'сток: первый токен', previous: 'предыдущий токен', inside: 'внутри слова', punctuation: 'знаки препинания', duplicate: 'такой же токен', induction: 'индукция', none: 'без ясной роли' };
export const SHORT: Record<Role | 'none', string> = { first: 'сток', previous: 'пред.', inside: 'слово', punctuation: 'знаки', duplicate: 'такой же', induction: 'индукц.', none: '—' };
export const COLOURS: Record<Role | 'none', string> = { first: 'var(--mask)', previous: 'var(--k)', inside: 'var(--v)', punctuation: 'var(--resid)', duplicate: 'var(--o)', induction: 'var(--head)', none: 'transparent' };
/** Below it a head has no name; of what is left above uniform attention. */
export const THRESHOLD = 0.2;
export const TEXTS = ['real', 'shuffled'] as const;
export type TextKind = (typeof TEXTS)[number];
/** Sentences of the course; strings of random letters said twice. */
export const COUNT: Record<ModelName, number> = { 'ru-small': 24, 'repeat-2l': 16 };
const HALF = 24;

export interface HeadOnMap {
  /** Per role of ROLES, in shares of the room above uniform attention. */
  excess: number[];
  /** How much the loss per token grows when the head brings its mean, nats. */
  effect: number;
}
export interface Inputs { model: ModelName; seed: number }
export interface Figure extends Inputs { layers: number; heads: number; loss: Record<TextKind, number>; maps: Record<TextKind, HeadOnMap[]> }

export interface Line { ids: number[]; layout: Layout }

/** Order of n things by the core's generator: the ranks of random letters, ties in their order. */
async function order(engine: RemoteEngine, n: number, seed: number): Promise<number[]> {
  // Three random letters are a number below 32³: ties are few, and their order says nothing of the text.
  const { tokens } = await engine.taskBatch({ kind: 'uniform', vocab: 32, length: 3 }, n, seed);
  const keys = tokens.map((t) => t[0]! * 1024 + t[1]! * 32 + t[2]!);
  return keys.map((_, i) => i).sort((a, b) => keys[a]! - keys[b]!);
}

/** The same tokens in another order; the first `fixed` stay. A token keeps its word. */
export function shuffle({ ids, layout }: Line, by: readonly number[], fixed: number): Line {
  const at = by.filter((i) => i < ids.length - fixed).map((i) => i + fixed);
  const moved = <T>(xs: readonly T[]): T[] => [...xs.slice(0, fixed), ...at.map((i) => xs[i]!)];
  return { ids: moved(ids), layout: { ...layout, word: moved(layout.word) } };
}

/** What the model is shown: every n-th sentence of the course, or letters drawn at random and said twice. */
export async function lines(engine: RemoteEngine, m: Subject, { model, seed }: Inputs, sentences: readonly Sentence[]): Promise<{ lines: Line[]; fixed: number }> {
  if (model === 'repeat-2l') {
    const { tokens } = await engine.taskBatch({ kind: 'uniform', vocab: m.info.config.vocab, length: HALF }, COUNT[model], seed);
    return { lines: tokens.map((r) => ({ ids: [...r, ...r], layout: { word: [...r, ...r].map(() => -1), punctuation: [] } })), fixed: HALF };
  }
  const every = Math.floor(sentences.length / COUNT[model]);
  const out: Line[] = [];
  for (let i = 0; out.length < COUNT[model] && i < sentences.length; i += every) {
    const { ids, spans } = await m.tokenise(sentences[i]!.text);
    if (ids.length <= m.info.config.context) out.push({ ids, layout: layoutOf(sentences[i]!, spans) });
  }
  return { lines: out, fixed: 1 };
}

const roleScores = (r: Roles, words: boolean): Record<Role, number> => ({ first: r.first, previous: words ? r.across : r.previous, inside: r.inside, punctuation: r.punctuation, duplicate: r.duplicate, induction: r.induction });
function excesses(r: Roles, uniform: Roles, words: boolean): number[] {
  const [own, base] = [roleScores(r, words), roleScores(uniform, words)];
  const above = Object.fromEntries(ROLES.map((k) => [k, excess(own[k], base[k])])) as Record<Role, number>;
  above.inside -= Math.max(0, above.previous); // a head of the previous token is inside the word whenever the word goes on
  return ROLES.map((k) => above[k]);
}

async function survey(engine: RemoteEngine, m: Subject, shown: readonly Line[], words: boolean, signal?: AbortSignal): Promise<{ loss: number; map: HeadOnMap[] }> {
  const { layers: L, heads: H } = m.info.config;
  const meters = Array.from({ length: L * H }, () => new HeadMeter()), uniform = new HeadMeter();
  const sets = [[], ...Array.from({ length: L * H }, (_, i) => [{ layer: Math.floor(i / H), head: i % H }])];
  const sums = new Float64Array(sets.length);
  let counted = 0;
  for (const { ids, layout } of shown) {
    signal?.throwIfAborted();
    const T = ids.length;
    const { tensors } = await engine.run(m.id, { tokens: [ids], capture: Array.from({ length: L }, (_, l) => `blocks.${l}.attn.pattern`) });
    meters.forEach((meter, i) => {
      const map = mapOf(tensors[`blocks.${Math.floor(i / H)}.attn.pattern`]!, i % H);
      for (let t = 0; t < T; t += 1) meter.addRow((s) => map[t * T + s]!, t, ids, layout);
    });
    for (let t = 0; t < T; t += 1) uniform.addRow(() => 1 / (t + 1), t, ids, layout);
    const { losses } = await engine.intervene(m.id, { tokens: ids, sets, how: 'mean', at: { position: T - 2, right: ids[T - 1]!, wrong: ids[0]! } });
    // Random letters can only be known the second time.
    const from = words ? 0 : HALF;
    sets.forEach((_, k) => { for (let t = from; t < T - 1; t += 1) sums[k]! += losses.data[k * (T - 1) + t]!; });
    counted += T - 1 - from;
  }
  const base = uniform.value();
  return { loss: sums[0]! / counted, map: meters.map((meter, i) => ({ excess: excesses(meter.value(), base, words), effect: (sums[i + 1]! - sums[0]!) / counted })) };
}

export async function ask(engine: RemoteEngine, m: Subject, inputs: Inputs, sentences: readonly Sentence[], signal?: AbortSignal): Promise<Figure> {
  const { lines: real, fixed } = await lines(engine, m, inputs, sentences);
  const shuffled: Line[] = [];
  for (const [i, line] of real.entries()) shuffled.push(shuffle(line, await order(engine, line.ids.length - fixed, 1000 * inputs.seed + i), fixed));
  const words = inputs.model === 'ru-small';
  const [a, b] = [await survey(engine, m, real, words, signal), await survey(engine, m, shuffled, words, signal)];
  const { layers, heads } = m.info.config;
  return { ...inputs, layers, heads, loss: { real: a.loss, shuffled: b.loss }, maps: { real: a.map, shuffled: b.map } };
}

export interface Named { role: Role | 'none'; best: number; margin: number; second: Role | null }
// #region naming
/** Best role, how far it is ahead of the next, and the next if it is more than half as good. */
export function named(h: HeadOnMap, threshold = THRESHOLD): Named {
  const order = ROLES.map((role, i) => ({ role, x: h.excess[i]! })).sort((a, b) => b.x - a.x);
  const [one, two] = [order[0]!, order[1]!];
  if (one.x < threshold) return { role: 'none', best: one.x, margin: 0, second: null };
  return { role: one.role, best: one.x, margin: one.x - Math.max(0, two.x), second: two.x > one.x / 2 ? two.role : null };
}
// #endregion
/** Of the heads that have a name on the text: how many keep it without the order, lose it, take another; and who has one only without. */
export function fate(f: Figure, threshold = THRESHOLD): { kept: number; lost: number; changed: number; fresh: number } {
  const out = { kept: 0, lost: 0, changed: 0, fresh: 0 };
  f.maps.real.forEach((h, i) => {
    const [a, b] = [named(h, threshold).role, named(f.maps.shuffled[i]!, threshold).role];
    if (a === 'none') out.fresh += b === 'none' ? 0 : 1;
    else if (a === b) out.kept += 1;
    else if (b === 'none') out.lost += 1;
    else out.changed += 1;
  });
  return out;
}

const digits = (x: number): number => Number(x.toFixed(3));
export const pack = (f: Figure): Figure => {
  const map = (hs: HeadOnMap[]): HeadOnMap[] => hs.map((h) => ({ excess: h.excess.map(digits), effect: Number(h.effect.toFixed(4)) }));
  return { ...f, loss: { real: digits(f.loss.real), shuffled: digits(f.loss.shuffled) }, maps: { real: map(f.maps.real), shuffled: map(f.maps.shuffled) } };
};
export interface Recorded { commit: string; figures: Figure[] }
