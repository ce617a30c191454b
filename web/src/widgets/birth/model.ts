// The birth of the heads: what to ask of the engine at each point of training, and what the curves say about it.
import type { Ablation, HeadRef, RemoteEngine, TrainConfig } from '../../../../wasm/client/types';
import type { Milestone, Series } from '../../kit';
import { RECIPE, vary } from '../training/recipe.ts';
import { best, births, name, ONE_LETTER_VOTE, reached, track, uniformPrevious, type RecordedCurve, type Sample } from '../training/samples.ts';
import { evaluationBatch, measure, nextLetters, type Verdict } from '../training/score.ts';

export const EVERY = 20;
export const TEXT = 'вьюгашумитвьюгашумитвью';
export const LETTERS = 'абвгдежзийклмнопрстуфхцчшщъыьэюя';
export const config = (seed: number): TrainConfig => vary(RECIPE, { seed });

export interface Roles { previous: HeadRef; induction: HeadRef; control: HeadRef }

/** Who took the roles at the end: the best previous-token head of layer 0, the best and the worst induction head of layer 1. */
export function roles(samples: readonly Sample[]): Roles | null {
  const last = samples.at(-1);
  const [previous, induction] = [best(last, 'previous', (l) => l === 0), best(last, 'induction', (l) => l === 1)];
  const control = last?.heads.filter((h) => h.layer === 0).reduce((low, h) => (h.previous < low.previous ? h : low));
  if (!previous || !induction || !control) return null;
  const ref = ({ layer, head }: HeadRef): HeadRef => ({ layer, head });
  return { previous: ref(previous), induction: ref(induction), control: ref(control) };
}

export function milestones(samples: readonly Sample[]): Milestone[] {
  const b = births(samples);
  const r = roles(samples);
  const above = reached(samples, (s) => s.accuracy, 0.9);
  const marks: (Milestone | null)[] = [
    b.accuracy === null ? null : { x: b.accuracy, label: 'точность 0.5', detail: 'на проверочном пакете' },
    b.induction === null ? null : { x: b.induction, label: 'индукционная голова', detail: 'показатель индукции 0,5' },
    b.previous === null ? null : { x: b.previous, label: 'голова предыдущего токена', detail: `показатель 0,5${r ? `, голова ${name(r.previous)}` : ''}` },
    above === null ? null : { x: above, label: 'точность 0.9', detail: 'больше, чем даёт простое голосование по одной букве' },
  ];
  return marks.filter((m): m is Milestone => m !== null).sort((p, q) => p.x - q.x);
}

export const lossSeries = (samples: readonly Sample[]): Series[] => [{ label: 'потери', points: samples.map((s) => [s.step, s.loss]), colour: 'var(--ink)' }];

/** Accuracy, the two heads that took the roles, and every other head behind them. */
export function scoreSeries(samples: readonly Sample[]): Series[] {
  const r = roles(samples);
  const others = (samples.at(-1)?.heads ?? []).filter((h) => !r || (h.layer === 0 ? h.head !== r.previous.head : h.head !== r.induction.head));
  return [
    { label: 'точность', points: samples.map((s) => [s.step, s.accuracy]), colour: 'var(--ink)' },
    ...(r ? [
      { label: `${name(r.previous)} предыдущий`, points: track(samples, 0, r.previous.head, 'previous'), colour: 'var(--q)' },
      { label: `${name(r.induction)} индукция`, points: track(samples, 1, r.induction.head, 'induction'), colour: 'var(--k)' },
    ] : []),
    ...others.map((h) => ({ label: name(h), points: track(samples, h.layer, h.head, h.layer === 0 ? 'previous' as const : 'induction' as const), colour: h.layer === 0 ? 'var(--q)' : 'var(--k)', faint: true })),
  ];
}

export const LEVELS = [
  { y: ONE_LETTER_VOTE, label: 'простое голосование по одной букве' },
  { y: uniformPrevious(48), label: 'равномерное внимание' },
];

/** Attention maps of all heads on the reader's string, and what the model would write next. */
export interface Probe { T: number; maps: Float32Array[][]; next: { letter: string; p: number }[] }

export async function probe(engine: RemoteEngine, trained: TrainConfig, weights: Float32Array, tokens: number[]): Promise<Probe> {
  const { id } = await engine.createModel(trained.model, weights);
  try {
    const layers = trained.model.layers;
    const hooks = Array.from({ length: layers }, (_, l) => `blocks.${l}.attn.pattern`);
    const { tensors } = await engine.run(id, { tokens: [tokens], capture: [...hooks, 'logits'] });
    const T = tokens.length;
    const maps = hooks.map((hook) => Array.from({ length: trained.model.heads }, (_, h) => tensors[hook]!.data.slice(h * T * T, (h + 1) * T * T)));
    return { T, maps, next: nextLetters(tensors.logits!.data, T, trained.model.vocab, LETTERS) };
  } finally {
    await engine.disposeModel(id);
  }
}

export async function continuation(engine: RemoteEngine, trained: TrainConfig, weights: Float32Array, tokens: number[], count: number): Promise<number[]> {
  const { id } = await engine.createModel(trained.model, weights);
  try {
    const out = await engine.generate(id, tokens, count, { temperature: 0 });
    return out.length > tokens.length && tokens.every((t, i) => out[i] === t) ? out.slice(tokens.length) : out;
  } finally {
    await engine.disposeModel(id);
  }
}

export interface Knockout { label: string; heads: HeadRef[]; verdict: Verdict }

/** Loss and accuracy on a fresh batch with every head, and without each of the three. */
export async function knockouts(engine: RemoteEngine, trained: TrainConfig, weights: Float32Array, who: Roles, how: Ablation): Promise<Knockout[]> {
  const { id } = await engine.createModel(trained.model, weights);
  try {
    const batch = await evaluationBatch(engine, trained.task, 64, (trained.seed ?? 1) + 1000);
    const out: Knockout[] = [{ label: 'все головы на месте', heads: [], verdict: await measure(engine, id, trained.model.vocab, batch) }];
    const allInduction = Array.from({ length: trained.model.heads }, (_, head) => ({ layer: 1, head }));
    const cases: [string, HeadRef[]][] = [
      [`без ${name(who.previous)}, предыдущий токен`, [who.previous]],
      [`без ${name(who.control)}, контроль из слоя 0`, [who.control]],
      [`без ${name(who.induction)}, индукция`, [who.induction]],
      ['без всего слоя 1', allInduction],
    ];
    for (const [label, heads] of cases) out.push({ label, heads, verdict: await measure(engine, id, trained.model.vocab, batch, { heads, how, seed: 1 }) });
    return out;
  } finally {
    await engine.disposeModel(id);
  }
}

/** Recorded maps: lower triangles in bytes, base64; all heads of all layers one after another. */
export function packMaps(p: Probe): string {
  const bytes: number[] = [];
  for (const layer of p.maps) for (const map of layer) for (let t = 0; t < p.T; t += 1) for (let s = 0; s <= t; s += 1) bytes.push(Math.round(255 * map[t * p.T + s]!));
  return btoa(String.fromCharCode(...bytes));
}

export function unpackMaps(text: string, T: number, layers: number, heads: number): Float32Array[][] {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  let at = 0;
  return Array.from({ length: layers }, () => Array.from({ length: heads }, () => {
    const map = new Float32Array(T * T);
    for (let t = 0; t < T; t += 1) for (let s = 0; s <= t; s += 1) map[t * T + s] = bytes[at++]! / 255;
    return map;
  }));
}

export interface Recorded {
  commit: string;
  text: string;
  curve: RecordedCurve;
  maps: { step: number; data: string; next: { letter: string; p: number }[] }[];
  knockouts: Knockout[];
}
