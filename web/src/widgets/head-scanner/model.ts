// The head scanner: random tokens said twice, and what every head of a model looks at while it hears them.
import type { HeadScores, RemoteEngine } from '../../../../wasm/client/types.ts';

export const MODELS = ['repeat-2l', 'ru-small'] as const;
export type ModelName = (typeof MODELS)[number];
/** `separator`: the token the model has seen at the start of every text, or none; `chunk`: sequences at a time, for memory. */
export const PROTOCOL: Record<ModelName, { half: number; separator: number | null; chunk: number }> = {
  'repeat-2l': { half: 24, separator: null, chunk: 16 },
  'ru-small': { half: 48, separator: 0, chunk: 4 },
};
export const BATCH = 16;
export const SCORES = ['previous', 'duplicate', 'induction', 'first'] as const;
export type Score = (typeof SCORES)[number];
export const WORDS: Record<Score, string> = { previous: 'предыдущий токен', duplicate: 'повторный токен', induction: 'индукция', first: 'первый токен' };

export interface Inputs { model: ModelName; seed: number }
export interface Figure extends Inputs {
  layers: number;
  heads: number;
  /** [layer · heads + head] */
  scores: Record<Score, number>[];
  /** Uniform attention on the same sequences. */
  baseline: Record<Score, number>;
  /** The loss (nats) on the first hearing and on the second: does the model use the repeat at all? */
  loss: { first: number; second: number };
}

export interface Opened { id: number; layers: number; heads: number; vocab: number }

/** Sequences (separator), r, r with r of `half` random tokens, drawn by the core's own generator. */
export async function repeats(engine: RemoteEngine, vocab: number, { half, separator }: { half: number; separator: number | null }, seed: number): Promise<number[][]> {
  const { tokens } = await engine.taskBatch({ kind: 'uniform', vocab, length: half }, BATCH, seed);
  return tokens.map((r) => [...(separator === null ? [] : [separator]), ...r, ...r]);
}

const pick = (h: HeadScores): Record<Score, number> => Object.fromEntries(SCORES.map((s) => [s, h[s]])) as Record<Score, number>;

export async function ask(engine: RemoteEngine, m: Opened, { model, seed }: Inputs): Promise<Figure> {
  const protocol = PROTOCOL[model];
  const tokens = await repeats(engine, m.vocab, protocol, seed);
  const parts: { scores: Record<Score, number>[]; baseline: Record<Score, number>; loss: ReturnType<typeof halves> }[] = [];
  for (let at = 0; at < tokens.length; at += protocol.chunk) {
    const some = tokens.slice(at, at + protocol.chunk);
    const { heads, baseline } = await engine.headScores(m.id, { tokens: some });
    const { losses } = await engine.run(m.id, { tokens: some, capture: [] });
    parts.push({ scores: heads.map(pick), baseline: pick(baseline), loss: halves(losses, protocol.half) });
  }
  const mean = (of: (p: (typeof parts)[number]) => number): number => parts.reduce((sum, p) => sum + of(p), 0) / parts.length;
  const each = (of: (p: (typeof parts)[number]) => Record<Score, number>): Record<Score, number> => Object.fromEntries(SCORES.map((s) => [s, mean((p) => of(p)[s])])) as Record<Score, number>;
  return {
    model, seed, layers: m.layers, heads: m.heads, scores: parts[0]!.scores.map((_, i) => each((p) => p.scores[i]!)), baseline: each((p) => p.baseline),
    loss: { first: mean((p) => p.loss.first), second: mean((p) => p.loss.second) },
  };
}

/** losses [B, T − 1]: entry i is about token i + 1; the second hearing begins `half` tokens before the end. */
export function halves(losses: { shape: number[]; data: ArrayLike<number> }, half: number): { first: number; second: number } {
  const [B, n] = losses.shape as [number, number];
  let [first, second] = [0, 0];
  for (let b = 0; b < B; b += 1)
    for (let i = 0; i < n; i += 1) {
      // The first token of the repeat cannot be known: nothing says that the segment is over.
      const fromEnd = n - i;
      if (fromEnd < half) second += losses.data[b * n + i]! / (B * (half - 1));
      else if (fromEnd > half) first += losses.data[b * n + i]! / (B * (n - half));
    }
  return { first, second };
}

export interface Found { layer: number; head: number; value: number }
export const best = (f: Figure, score: Score): Found => f.scores.reduce<Found>((top, h, i) => (h[score] > top.value ? { layer: Math.floor(i / f.heads), head: i % f.heads, value: h[score] } : top), { layer: 0, head: 0, value: -1 });
export const above = (f: Figure, score: Score, threshold: number): number => f.scores.filter((h) => h[score] >= threshold).length;

/** The same model at other thresholds has other heads: how many pass each. */
export const census = (f: Figure, score: Score): [number, number][] => Array.from({ length: 20 }, (_, i) => [(i + 1) / 20, above(f, score, (i + 1) / 20)]);

const short = (x: number): number => Number(x.toPrecision(4));
export const pack = (f: Figure): Figure => {
  const round = (r: Record<Score, number>): Record<Score, number> => Object.fromEntries(SCORES.map((s) => [s, short(r[s])])) as Record<Score, number>;
  return { ...f, scores: f.scores.map(round), baseline: round(f.baseline), loss: { first: short(f.loss.first), second: short(f.loss.second) } };
};
export interface Recorded { seed: number; commit: string; figures: { figure: Figure; checkpoint: string }[] }
