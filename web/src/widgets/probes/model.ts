// What a linear probe reads at every point of the model, what of it the probe would read anywhere, and what the model loses without it.
import type { ProbeReport, ProbeRequest, RemoteEngine, Sequences, TaskConfig } from '../../../../wasm/client/types.ts';

/** Things that can be labelled without asking anyone. */
export const PROPERTIES = ['previous', 'current', 'seen', 'place'] as const;
export type Property = (typeof PROPERTIES)[number];

export const TASK: TaskConfig = { kind: 'repeat', vocab: 32, length: 48, segment_min: 8, segment_max: 24, tiled: true };
export const [SEQUENCES, TRAIN] = [40, 28];
/** Stretches of four places: whether a probe knows where it stands. */
const STRETCH = 4;

/** Labels of one sequence; −1 where there is nothing to say. */
export function labels(tokens: readonly number[], property: Property): number[] {
  if (property === 'current') return [...tokens];
  if (property === 'previous') return tokens.map((_, i) => tokens[i - 1] ?? -1);
  if (property === 'seen') return tokens.map((t, i) => Number(tokens.indexOf(t) < i));
  return tokens.map((_, i) => Math.floor(i / STRETCH));
}
export const classesOf = (property: Property): number => (property === 'seen' ? 2 : property === 'place' ? TASK.length / STRETCH : TASK.vocab);

export interface Point { name: string; site: ProbeRequest['site']; layer: number; head?: number }
/** The stream on the way in, the heads of a layer, the stream behind it, and so on. */
export function points(layers: number, heads: number): Point[] {
  const out: Point[] = [{ name: 'вход', site: 'resid_pre', layer: 0 }];
  for (let layer = 0; layer < layers; layer += 1) {
    for (let head = 0; head < heads; head += 1) out.push({ name: `${layer}.${head}`, site: 'z', layer, head });
    out.push({ name: `после слоя ${layer}`, site: 'resid_post', layer });
  }
  return out;
}

export interface Material { tokens: Sequences; targets: number[][] }
export async function material(engine: RemoteEngine, seed: number): Promise<Material> {
  const { tokens, targets, weights } = await engine.taskBatch(TASK, SEQUENCES, seed);
  // Asked where the repeat decides the next letter.
  return { tokens, targets: targets.map((row, b) => row.map((t, i) => ((weights[b]![i] ?? 0) > 0 ? t : -1))) };
}

export interface Inputs { property: Property; seed: number }
/** One row of the figure; `erased` and `random` are rises of the loss, nats. */
export interface Row { name: string; accuracy: number; control: number; base: number; erased: number; random: number; rank: number; left: number }
/** Description length of the training labels at one point, bits. */
export interface Code { examples: number; bits: number; uniform: number; control: number }
export interface Figure extends Inputs { rows: Row[]; loss: number }

const ask = (m: Material, property: Property, point: Point, seed: number): ProbeRequest => ({
  tokens: m.tokens as number[][], types: m.tokens as number[][], labels: m.tokens.map((t) => labels(t, property)), classes: classesOf(property), targets: m.targets,
  train: TRAIN, site: point.site, layer: point.layer, ...(point.head !== undefined && { head: point.head }), seed,
});

export const toRow = (name: string, r: ProbeReport): Row => ({
  name, accuracy: r.accuracy, control: r.control, base: r.base, erased: r.erasedLoss! - r.loss!, random: r.randomLoss! - r.loss!, rank: r.rank!, left: r.left!,
});
export const selectivity = (r: Row): number => r.accuracy - r.control;

type Subject = { id: number; layers: number; heads: number };

export async function codeAt(engine: RemoteEngine, m: Subject, { property, seed }: Inputs, point: Point): Promise<Code> {
  const made = await material(engine, seed);
  const r = await engine.probe(m.id, { ...ask(made, property, point, seed), code: true });
  return { examples: r.examples, bits: r.bits!, uniform: r.uniformBits!, control: r.controlBits! };
}

/** One call a point, so that others get their turn between them. */
export async function figure(engine: RemoteEngine, m: Subject, inputs: Inputs, signal?: AbortSignal): Promise<Figure> {
  const made = await material(engine, inputs.seed);
  const rows: Row[] = [];
  let loss = NaN;
  for (const point of points(m.layers, m.heads)) {
    signal?.throwIfAborted();
    const report = await engine.probe(m.id, { ...ask(made, inputs.property, point, inputs.seed), erase: true });
    loss = report.loss!;
    rows.push(toRow(point.name, report));
  }
  return { ...inputs, rows, loss };
}

/** One model, one property; codes of the three points of the stream. */
export interface Measured { seed: number; property: Property; loss: number; previous: number; rows: Row[]; codes: Code[] }
export interface Recorded {
  commit: string;
  /** The shipped model: what the figure opens with. */
  figure: Figure;
  point: number;
  code: Code;
  /** Of the five models what the text prints: the stream at three depths and the previous-token head. */
  measured: Measured[];
}
/** Rows of `measured`: input, the previous-token head, after each layer. */
export const KEPT = ['вход', 'голова', 'после слоя 0', 'после слоя 1'] as const;
export function kept(m: Measured): Measured {
  const head = `0.${m.previous}`;
  return { ...m, rows: m.rows.filter((r) => !r.name.includes('.') || r.name === head) };
}
