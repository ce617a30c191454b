// Which of Q, K and V may be one matrix? Five tasks, four ways to share, one recipe; the core trains them all.
import type { RemoteEngine, TrainConfig } from '../../../../wasm/client/types.ts';
import { RECIPE } from '../training/recipe.ts';

export const TASKS = ['cycle', 'swap', 'previous', 'neighbour', 'repeat'] as const;
export type Task = (typeof TASKS)[number];
export const SHARINGS = ['separate', 'qk', 'kv', 'all'] as const;
export type Sharing = (typeof SHARINGS)[number];
export const HEADS = [1, 2, 4] as const;
export interface Run { task: Task; sharing: Sharing; heads: number }

/** Types and contents of the sets; places and letters of the rows. */
export const [TYPES, CONTENTS, PLACES, LETTERS] = [8, 16, 12, 24];
export const STEPS = 1200;
export const POINTS = 20;
/** Seven links of the cycle right, the eighth guessed: what a symmetric score allows at best. */
export const CEILING = (TYPES - 1) / TYPES + 1 / TYPES / CONTENTS;

const ofSet = (task: Task): boolean => task === 'cycle' || task === 'swap';
export const steps = (task: Task): number => (task === 'repeat' ? RECIPE.steps : STEPS);

export function config({ task, sharing, heads }: Run, seed: number): TrainConfig & { steps: number } {
  const shared = { shared_qk: sharing === 'qk' || sharing === 'all', shared_kv: sharing === 'kv' || sharing === 'all' };
  if (task === 'repeat') return { ...RECIPE, seed, model: { ...RECIPE.model, ...shared } };
  const [vocab, context] = ofSet(task) ? [TYPES * CONTENTS, TYPES] : [LETTERS, PLACES];
  return {
    model: {
      kind: task === 'previous' ? 'decoder' : 'encoder', vocab, context, layers: 1, width: 32, heads, head_width: 16, ...shared,
      mlp: 'none', norm: 'pre', norm_kind: 'rms_norm', norm_gain: false, position: ofSet(task) ? 'none' : 'learned',
    },
    task: { kind: task === 'neighbour' ? 'previous' : task, vocab, length: context },
    adamw: RECIPE.adamw!, schedule: { kind: 'constant', learning_rate: 0.01 }, batch: 32, steps: STEPS, clip: 1, seed,
  };
}

/** What is seen of a trained model on fresh sequences. */
export interface Seen {
  /** Mean weight, [n, n]: by types for the sets, by places for the rows; null for the repeat (48 places). First head. */
  map: number[] | null;
  /** Share of right answers of each type (sets only). */
  byType: number[] | null;
  /** Σ S_ij S_ji / Σ S_ij² of the scores q·k before any mask: 1 symmetric, −1 skew, of the last layer. */
  symmetry: number;
}
export const side = (task: Task): number => (ofSet(task) ? TYPES : PLACES);

/** Of raw scores q_i·k_j, all heads and sequences together; q, k [B, T, H, d]. */
export function symmetry(q: ArrayLike<number>, k: ArrayLike<number>, [B, T, H, d]: [number, number, number, number]): number {
  let [cross, square] = [0, 0];
  const score = (b: number, i: number, j: number, h: number): number => {
    let sum = 0;
    const [qi, kj] = [((b * T + i) * H + h) * d, ((b * T + j) * H + h) * d];
    for (let c = 0; c < d; c += 1) sum += q[qi + c]! * k[kj + c]!;
    return sum;
  };
  for (let b = 0; b < B; b += 1) for (let h = 0; h < H; h += 1)
    for (let i = 0; i < T; i += 1) for (let j = 0; j < T; j += 1) {
      const s = score(b, i, j, h);
      cross += s * score(b, j, i, h);
      square += s * s;
    }
  return square > 0 ? cross / square : 0;
}

/** Mean of a pattern [B, H, T, T] (head 0) over sequences; label[b][t]: the row and column a place belongs to. */
export function meanMap(pattern: ArrayLike<number>, heads: number, label: readonly (readonly number[])[], n: number): number[] {
  const [sum, count] = [new Array<number>(n * n).fill(0), new Array<number>(n * n).fill(0)];
  label.forEach((row, b) => row.forEach((i, t) => row.forEach((j, s) => {
    sum[i * n + j]! += pattern[(b * heads * row.length + t) * row.length + s]!;
    count[i * n + j]! += 1;
  })));
  return sum.map((x, i) => x / Math.max(1, count[i]!));
}

export async function look(engine: RemoteEngine, run: Run, trained: TrainConfig, weights: Float32Array): Promise<Seen> {
  const { id } = await engine.createModel(trained.model, weights);
  try {
    const batch = await engine.taskBatch(trained.task, run.task === 'repeat' ? 16 : 128, trained.seed ?? 1);
    const at = (what: string): string => `blocks.${trained.model.layers - 1}.attn.${what}`;
    const { tensors } = await engine.run(id, { tokens: batch.tokens, capture: [at('q'), at('k'), at('pattern'), 'logits'] });
    const [q, k] = [tensors[at('q')]!, tensors[at('k')]!];
    const seen: Seen = { map: null, byType: null, symmetry: symmetry(q.data, k.data, q.shape as [number, number, number, number]) };
    if (run.task === 'repeat') return seen;
    const types = batch.tokens.map((x) => x.map((token, t) => (ofSet(run.task) ? Math.floor(token / CONTENTS) : t)));
    seen.map = meanMap(tensors[at('pattern')]!.data, run.heads, types, side(run.task));
    if (ofSet(run.task)) seen.byType = accuracyByType(tensors['logits']!.data, trained.model.vocab, types, batch.targets);
    return seen;
  } finally {
    await engine.disposeModel(id);
  }
}

function accuracyByType(logits: Float32Array, vocab: number, types: number[][], targets: number[][]): number[] {
  const [right, all] = [new Array<number>(TYPES).fill(0), new Array<number>(TYPES).fill(0)];
  types.forEach((row, b) => row.forEach((type, t) => {
    const at = (b * row.length + t) * vocab;
    const own = logits.subarray(at, at + vocab);
    all[type]! += 1;
    if (own.indexOf(Math.max(...own)) === targets[b]![t]) right[type]! += 1;
  }));
  return right.map((x, i) => x / Math.max(1, all[i]!));
}

export interface Row extends Run { accuracy: number[]; symmetry: number[]; curve: number[]; map: number[] | null; byType: number[] | null }
export interface Recorded { commit: string; seeds: number[]; rows: Row[] }
export const row = (r: Recorded, { task, sharing, heads }: Run): Row | undefined => r.rows.find((x) => x.task === task && x.sharing === sharing && (task === 'repeat' || x.heads === heads));
export { median } from '../../lib/statistics.ts';
const every = (task: Task, heads: number): Run[] => SHARINGS.map((sharing) => ({ task, sharing, heads }));
/** The recorded runs: every sharing with one head, symmetric heads in number, and the recipe of chapter 7. */
export const RUNS: Run[] = [
  ...TASKS.filter((task) => task !== 'repeat').flatMap((task) => every(task, 1)),
  ...[2, 4].map((heads): Run => ({ task: 'cycle', sharing: 'qk', heads })),
  ...every('repeat', 4),
];
