// Six bits gathered from m places by h heads of one layer. A token is a number of m digits; digit j of the answer is digit j of
// the token 1 + j places back. The alphabet, the answer's six bits and the weights of the layer are the same for every m and h.
import type { ModelConfig, RemoteEngine, TaskConfig, TrainConfig } from '../../../../wasm/client/types.ts';
import { median } from '../../lib/statistics.ts';

export const PLACES = [1, 2, 3, 6] as const;
export const HEADS = [1, 2, 3, 4, 6, 12] as const;
/** What was recorded for every number of places: all cuts for three, enough of them to show the rule for the others. */
const RECORDED: Record<number, readonly number[]> = { 1: [1, 4], 2: [1, 2, 4], 3: HEADS, 6: [1, 3, 6, 12] };
export const headsFor = (places: number): readonly number[] => RECORDED[places] ?? [];
export const WIDTH = 48;
export const VOCAB = 64;
export const LENGTH = 24;
export const STEPS = 600;
export const EVERY = 20;

/** In how many values a digit comes when six bits are cut into m digits. */
export const base = (places: number): number => 2 ** (6 / places);

export const task = (places: number): TaskConfig => ({ kind: 'gather', vocab: VOCAB, length: LENGTH, places });

export interface Shape { layers?: number; heads: number; headWidth: number; mlpWidth?: number }
export const config = (places: number, shape: Shape, seed: number, steps = STEPS): TrainConfig & { steps: number; model: ModelConfig } => ({
  model: {
    vocab: VOCAB, context: LENGTH, layers: shape.layers ?? 1, width: WIDTH, heads: shape.heads, head_width: shape.headWidth,
    ...(shape.mlpWidth ? { mlp: 'relu', mlp_width: shape.mlpWidth } : { mlp: 'none' }), norm: 'pre', norm_kind: 'rms_norm', norm_gain: false, position: 'learned',
  },
  task: task(places),
  adamw: { beta1: 0.9, beta2: 0.98, weight_decay: 0.01 },
  schedule: { kind: 'constant', learning_rate: 0.01 },
  batch: 32, steps, clip: 1, seed,
});
/** The budget of the chapter: h heads of width D / h. */
export const cut = (heads: number): Shape => ({ heads, headWidth: WIDTH / heads });

/** A token as its digits, the most significant first. */
export function digits(token: number, places: number): number[] {
  const b = base(places);
  return Array.from({ length: places }, (_, j) => Math.floor(token / b ** (places - 1 - j)) % b);
}

/** Names of the 64 tokens that a reader can say: syllables for two places, closed syllables for three. */
const SOUNDS: Record<number, string[]> = { 2: ['бвгдклмн', 'аоуэыиея'], 3: ['мрлт', 'аоуи', 'кнсм'] };
export const say = (token: number, places: number): string =>
  places === 1 ? String(token) : digits(token, places).map((d, j) => SOUNDS[places]?.[j]?.[d] ?? String(d)).join('');

/** The rule on one line of text: as many tokens as there are places, the latest last, and the answer that is asked after one more token. */
export function example(places: number): { tokens: string[]; answer: string } {
  const tokens = [45, 9, 62, 20, 51, 30].slice(0, places);
  const answer = digits(0, places).reduce((sum, _, j) => sum * base(places) + digits(tokens[places - 1 - j]!, places)[j]!, 0);
  return { tokens: tokens.map((t) => say(t, places)), answer: say(answer, places) };
}

export interface Batch { tokens: number[][]; targets: number[][]; weights: number[][] }

/** Share of asked places whose digit j the likeliest answer has right, for every j; and the whole answer. logits [B, T, V]. */
export function digitAccuracy(logits: ArrayLike<number>, batch: Batch, places: number): { whole: number; digits: number[] } {
  const right = new Array<number>(places).fill(0);
  let [whole, asked, at] = [0, 0, 0];
  batch.targets.forEach((row, b) => row.forEach((target, t) => {
    if (batch.weights[b]![t]) {
      let top = 0;
      for (let v = 1; v < VOCAB; v += 1) if (logits[at + v]! > logits[at + top]!) top = v;
      const [said, want] = [digits(top, places), digits(target, places)];
      said.forEach((d, j) => void (right[j]! += d === want[j] ? 1 : 0));
      whole += top === target ? 1 : 0;
      asked += 1;
    }
    at += VOCAB;
  }));
  return { whole: whole / asked, digits: right.map((r) => r / asked) };
}

/** Mean weight of every head on the token 0, 1, … m places back and on all the others, over asked places. pattern [B, H, T, T]. */
export function gaze(pattern: { shape: number[]; data: ArrayLike<number> }, batch: Batch, places: number): number[][] {
  const [B, H, T] = pattern.shape as [number, number, number];
  const out = Array.from({ length: H }, () => new Array<number>(places + 2).fill(0));
  let asked = 0;
  for (let b = 0; b < B; b += 1)
    for (let t = 0; t < T; t += 1) {
      if (!batch.weights[b]![t]) continue;
      asked += 1;
      for (let h = 0; h < H; h += 1)
        for (let s = 0; s <= t; s += 1) out[h]![Math.min(t - s, places + 1)]! += pattern.data[((b * H + h) * T + t) * T + s] as number;
    }
  return out.map((row) => row.map((v) => v / asked));
}

export interface Roles {
  /** [H][m + 2]: weight on this token, on 1 … m back, elsewhere. */
  gaze: number[][];
  /** [H][m]: accuracy of every digit when the head writes nothing. */
  without: number[][];
  /** [m]: with every head at work. */
  digits: number[];
  whole: number;
}

/** Who looks where, and which digit is lost without whom: 64 held-out sequences. */
export async function roles(engine: RemoteEngine, c: { model: ModelConfig; task: TaskConfig }, weights: Float32Array, seed: number): Promise<Roles> {
  const places = c.task.places!;
  const { id } = await engine.createModel(c.model, weights);
  try {
    const batch = await engine.taskBatch(c.task, 64, seed + 1000);
    const name = 'blocks.0.attn.pattern';
    const { tensors } = await engine.run(id, { tokens: batch.tokens, capture: [name, 'logits'] });
    const { whole, digits: all } = digitAccuracy(tensors.logits!.data, batch, places);
    const without: number[][] = [];
    for (let head = 0; head < c.model.heads; head += 1) {
      const cutOut = await engine.run(id, { tokens: batch.tokens, capture: ['logits'], ablate: { heads: [{ layer: 0, head }], how: 'zero' } });
      without.push(digitAccuracy(cutOut.tensors.logits!.data, batch, places).digits);
    }
    return { gaze: gaze(tensors[name]!, batch, places), without, digits: all, whole };
  } finally {
    await engine.disposeModel(id);
  }
}

export interface Cell { places: number; heads: number; accuracy: number[]; curve: number[] }
export interface Recorded {
  commit: string;
  seeds: number[];
  steps: number[];
  grid: Cell[];
  /** places = heads = 3: one for every seed. */
  roles: { seed: number; gaze: number[][]; without: number[][] }[];
}

export const cell = (r: Recorded, places: number, heads: number): Cell | undefined => r.grid.find((c) => c.places === places && c.heads === heads);
export const profile = (r: Recorded, places: number): [number, number][] => r.grid.filter((c) => c.places === places).map((c) => [c.heads, median(c.accuracy)]);
export { median };
