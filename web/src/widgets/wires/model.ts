// Who hands what to whom: every edge of the graph tokens → heads → logits, patched alone.
import type { MetricRequest, PatchedPaths, RemoteEngine } from '../../../../wasm/client/types.ts';
import { answerTo } from '../truth-bench/model.ts';
import { decode, encode } from '../../kit/letters.ts';

export const INPUTS = ['Q', 'K', 'V'] as const;
export type Input = (typeof INPUTS)[number];

export interface Inputs { clean: string; corrupted: string; noise: boolean }
export interface Figure extends Inputs {
  answer: string;
  before: number;
  after: number;
  layers: number;
  heads: number;
  edges: number[];
  joint: number[];
  direct: number[];
  total: number[];
}

const list = (x: ArrayLike<number>): number[] => Array.from(x);

export async function ask(engine: RemoteEngine, m: { id: number; layers: number; heads: number; vocab: number }, { clean, corrupted, noise }: Inputs): Promise<Figure> {
  const [a, b] = [encode(clean), encode(corrupted)];
  const { right } = await answerTo(engine, m.id, a, m.vocab);
  const metric: MetricRequest = { position: a.length - 1, right };
  const p = await engine.patchPaths(m.id, { clean: a, corrupted: b, metric, noise });
  return { clean, corrupted, noise, answer: decode([right]), before: p.clean, after: p.corrupted, layers: m.layers, heads: m.heads, ...lists(p) };
}
export const lists = (p: PatchedPaths): Pick<Figure, 'edges' | 'joint' | 'direct' | 'total'> => ({ edges: list(p.edges), joint: list(p.layers), direct: list(p.direct), total: list(p.total) });

/** Sender 0 is the tokens, then the heads in the order of layers. */
export const senderName = (s: number, heads: number): string => (s === 0 ? 'буквы' : `${Math.floor((s - 1) / heads)}.${(s - 1) % heads}`);

export interface Edge { from: number; layer: number; head: number; input: Input; value: number }
/** Edges into heads, strongest first; a JSON recording has null where there is none. */
export function edgesOf(f: Pick<Figure, 'edges' | 'layers' | 'heads'>): Edge[] {
  const out: Edge[] = [];
  f.edges.forEach((value, i) => {
    if (!Number.isFinite(value) || value === null) return;
    const [input, rest] = [i % 3, Math.floor(i / 3)];
    const [head, more] = [rest % f.heads, Math.floor(rest / f.heads)];
    out.push({ from: Math.floor(more / f.layers), layer: more % f.layers, head, input: INPUTS[input]!, value });
  });
  return out.sort((x, y) => Math.abs(y.value) - Math.abs(x.value));
}
/** All heads of a layer take this input at once. */
export const jointAt = (f: Pick<Figure, 'joint' | 'layers'>, from: number, layer: number, input: Input): number => f.joint[(from * f.layers + layer) * 3 + INPUTS.indexOf(input)] ?? NaN;

/** What one contrast measures on one model: shares of the difference, ratios of sums over the prompts. */
export interface ContrastRow {
  gap: number;
  /** Tokens into Q, K, V of all heads of layer 1 at once; tokens into V of the previous-token head. */
  tokens: Record<Input, number>;
  intoPrevious: Record<Input, number>;
  /** The previous-token head into the same of layer 1, to the logits, and altogether. */
  previous: Record<Input, number>;
  direct: number;
  total: number;
  /** Its keys one head of layer 1 at a time. */
  each: number[];
}
export type Contrast = 'source' | 'before' | 'asker';
export interface Row { seed: number; previous: number; accuracy: number; contrasts: Record<Contrast, ContrastRow> }
export interface Recorded { commit: string; prompts: number; rows: Row[]; figures: Record<Contrast, Figure> }
