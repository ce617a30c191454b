// How much gradient softmax lets back to a query, row by row: random queries and keys, weights made by the core, the last
// step by the formula of the chapter.
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { median } from '../../lib/statistics.ts';
import { normals } from '../scale-lab/model.ts';

export const WIDTHS = [4, 16, 64, 256] as const;
export const KEYS = [16, 64, 256] as const;
export const SPREADS = [0.25, 0.5, 1, 2, 4, 8, 16, 32] as const;
/** Rows measured at every width: 1024 / N groups of N queries to N keys. */
export const ROWS = 1024;
const WIDE = 64; // of the queries behind `passes`

export interface Inputs { keys: number; seed: number }
/** Lengths of ∂L/∂q over the rows, summed up. */
export interface Shares {
  median: number;
  rms: number;
  mean: number;
  /** Mean of the largest weight of a row. */
  top: number;
  /** Median and rms of ‖∂L/∂z‖, the gradient of the scores themselves. */
  scoreMedian: number;
  scoreRms: number;
  /** Share of rows below a hundredth of the rms. */
  silent: number;
  /** Of Σ‖∂L/∂q‖²: what the loudest tenth of the rows holds, the next four tenths, the quieter half. */
  tenth: number;
  middle: number;
  half: number;
  /** Rows from the loudest: share of Σ‖∂L/∂q‖² held by the first k/20 of them, k = 0 … 20. */
  held: number[];
}
export interface Figure extends Inputs {
  widths: { d: number; scaled: Shares; plain: Shares }[];
  /** Mean ‖diag(p) − ppᵀ‖_F over rows of scores s·N(0, 1); one value for each of SPREADS. */
  passes: number[];
}

/** ‖diag(p) − ppᵀ‖_F of one row. */
export function jacobian(p: ArrayLike<number>, from = 0, n = p.length): number {
  let [p2, p3] = [0, 0];
  for (let j = from; j < from + n; j += 1) {
    const x = p[j] as number;
    p2 += x * x;
    p3 += x * x * x;
  }
  return Math.sqrt(Math.max(0, p2 - 2 * p3 + p2 * p2));
}

/** ∂L/∂z of one row: p_j (a_j − Σ p a), where a_j = g·v_j is what key j would bring. */
export function scoreGradient(p: ArrayLike<number>, from: number, gain: ArrayLike<number>): Float64Array {
  let mean = 0;
  for (let j = 0; j < gain.length; j += 1) mean += (p[from + j] as number) * (gain[j] as number);
  return Float64Array.from({ length: gain.length }, (_, j) => (p[from + j] as number) * ((gain[j] as number) - mean));
}

export function shares(lengths: readonly number[], scores: readonly number[], top: number): Shares {
  const squares = lengths.map((x) => x * x).sort((a, b) => b - a);
  const total = squares.reduce((a, b) => a + b, 0);
  const n = squares.length;
  const rms = Math.sqrt(total / n);
  const upTo = (part: number): number => squares.slice(0, Math.round(part * n)).reduce((a, b) => a + b, 0) / total;
  const [tenth, half] = [upTo(0.1), upTo(0.5)];
  return {
    median: median(lengths), rms, mean: lengths.reduce((a, b) => a + b, 0) / n, top,
    scoreMedian: median(scores), scoreRms: Math.hypot(...scores) / Math.sqrt(n), silent: lengths.filter((x) => x < rms / 100).length / n,
    tenth, middle: half - tenth, half: 1 - half, held: Array.from({ length: 21 }, (_, k) => upTo(k / 20)),
  };
}

type Asked = Pick<RemoteEngine, 'createModel' | 'run' | 'disposeModel'>;
/** The core's own attention weights for given queries and keys: a layer whose q and k are replaced. [groups, N, N] */
async function pattern(engine: Asked, N: number, d: number, scale: number, q: Float32Array, k: Float32Array): Promise<Float32Array> {
  const groups = q.length / (N * d);
  const { id } = await engine.createModel({ kind: 'encoder', vocab: 2, context: N, layers: 1, width: 4, heads: 1, head_width: d, norm: 'none', position: 'none', scale }, 1);
  const shape = [groups, N, 1, d];
  try {
    const { tensors } = await engine.run(id, {
      tokens: Array.from({ length: groups }, () => new Array<number>(N).fill(0)), capture: ['blocks.0.attn.pattern'],
      replace: [{ name: 'blocks.0.attn.q', value: { shape, data: q } }, { name: 'blocks.0.attn.k', value: { shape, data: k } }],
    });
    return tensors['blocks.0.attn.pattern']!.data;
  } finally {
    await engine.disposeModel(id);
  }
}

/** ‖∂L/∂q‖ and ‖∂L/∂z‖ of every row, ∂L/∂q = scale · Kᵀ ∂L/∂z; gains of all rows one after another. */
function lengths(p: Float32Array, k: Float32Array, gains: Float32Array, N: number, d: number, scale: number): { query: number[]; score: number[] } {
  const [query, score]: [number[], number[]] = [[], []];
  const norm = (x: Float64Array): number => Math.sqrt(x.reduce((s, y) => s + y * y, 0));
  for (let row = 0; row < ROWS; row += 1) {
    const dz = scoreGradient(p, row * N, gains.subarray(row * N, row * N + N));
    const keys = Math.floor(row / N) * N * d; // the group's keys, [N, d]
    const dq = new Float64Array(d);
    for (let j = 0; j < N; j += 1) for (let i = 0; i < d; i += 1) dq[i]! += dz[j]! * k[keys + j * d + i]!;
    query.push(scale * norm(dq));
    score.push(norm(dz));
  }
  return { query, score };
}

const meanTop = (p: Float32Array, N: number): number => {
  let sum = 0;
  for (let row = 0; row < ROWS; row += 1) sum += p.subarray(row * N, row * N + N).reduce((a, b) => Math.max(a, b), 0);
  return sum / ROWS;
};

export async function ask(engine: Asked, { keys: N, seed }: Inputs): Promise<Figure> {
  const next = normals(seed);
  const draw = (n: number): Float32Array => Float32Array.from({ length: n }, next);
  const widths: Figure['widths'] = [];
  for (const d of WIDTHS) {
    const [q, k, gains] = [draw(ROWS * d), draw(ROWS * d), draw(ROWS * N)];
    const at = async (scale: number): Promise<Shares> => {
      const p = await pattern(engine, N, d, scale, q, k);
      const { query, score } = lengths(p, k, gains, N, d, scale);
      return shares(query, score, meanTop(p, N));
    };
    widths.push({ d, scaled: await at(1 / Math.sqrt(d)), plain: await at(1) });
  }
  // Queries of length 1: given the query, the scores of its keys are independent N(0, s²), whatever the width.
  const q = draw(ROWS * WIDE), k = draw(ROWS * WIDE);
  for (let row = 0; row < ROWS; row += 1) {
    const one = q.subarray(row * WIDE, row * WIDE + WIDE);
    const length = Math.sqrt(one.reduce((a, x) => a + x * x, 0));
    one.forEach((x, i) => (one[i] = x / length));
  }
  const passes: number[] = [];
  for (const s of SPREADS) {
    const p = await pattern(engine, N, WIDE, s, q, k);
    let sum = 0;
    for (let row = 0; row < ROWS; row += 1) sum += jacobian(p, row * N, N);
    passes.push(sum / ROWS);
  }
  return { keys: N, seed, widths, passes };
}

export interface Recorded { commit: string; figures: Figure[] }
export const peak = (f: Figure): number => SPREADS[f.passes.indexOf(Math.max(...f.passes))]!;
