// A tower of random attention blocks: how far apart its tokens stay, floor by floor.
import type { RemoteEngine, Tower, TowerFloor, TowerRequest } from '../../../../wasm/client/types';

export const TOKENS = 32;
export const DEEPEST = 24;
export const SEEDS = 5;
export const NORMS = ['none', 'pre', 'post'] as const;
export type Norm = (typeof NORMS)[number];
export interface Inputs { depth: number; skip: number; norm: Norm; mlp: boolean; causal: boolean; qk: number; seed: number }
export interface Figure extends Inputs {
  /** SEEDS towers, the first one of `seed`; floors 0 … depth. */
  towers: TowerFloor[][];
  /** [floors, T, T] of the first tower; in a recording only `floor`. */
  cosines: Float32Array;
  only?: number;
}

export const START: Inputs = { depth: 8, skip: 0, norm: 'none', mlp: false, causal: false, qk: 1, seed: 1 };
export const request = (q: Inputs, seed = q.seed): TowerRequest => ({ layers: q.depth, skip: q.skip, norm: q.norm, mlp: q.mlp, causal: q.causal, qk_scale: q.qk, seed });

export async function ask(engine: Pick<RemoteEngine, 'collapseTower'>, q: Inputs): Promise<Figure> {
  const towers: Tower[] = [];
  for (let k = 0; k < SEEDS; k += 1) towers.push(await engine.collapseTower(request(q, q.seed + k)));
  return { ...q, towers: towers.map((t) => t.floors), cosines: towers[0]!.cosines.data };
}

export function mapAt(f: Figure, floor: number): Float32Array | null {
  if (f.only !== undefined) return floor === f.only ? f.cosines : null;
  const size = TOKENS * TOKENS;
  return floor <= f.depth ? f.cosines.subarray(floor * size, (floor + 1) * size) : null;
}

/** The plot ends here: lines that fall further leave through its floor. */
export const BOTTOM = -30;
/** log10 of the residual against the floor, cut where it leaves the plot. */
export function line(floors: readonly TowerFloor[], bottom = BOTTOM): [number, number][] {
  const out: [number, number][] = [];
  for (const [x, f] of floors.entries()) {
    const y = f.residual ?? -330;
    const last = out.at(-1);
    if (y >= bottom) out.push([x, y]);
    else {
      if (last) out.push([last[0] + (bottom - last[1]) / (y - last[1]) * (x - last[0]), bottom]);
      break;
    }
  }
  return out;
}
/** Orders of magnitude lost, for a logarithmic axis: a doubly exponential fall is straight on it. */
export const orders = (floors: readonly TowerFloor[]): [number, number][] =>
  floors.flatMap((f, x): [number, number][] => (f.residual !== null && f.residual < -0.01 ? [[x, -f.residual]] : []));

/** How many times the last step is longer than the one before, on the logarithmic axis: 3 is a cube a layer, 1 a plain exponential. */
export function growth(floors: readonly TowerFloor[]): number | null {
  const y = floors.map((f) => f.residual).filter((v): v is number => v !== null);
  const [a, b, c] = y.slice(-3);
  return y.length < 4 || a === undefined || b === undefined || c === undefined || b === a ? null : (c - b) / (b - a);
}
/** Per floor and over the given floors: the factor by which the residual shrinks. */
export const rate = (floors: readonly TowerFloor[], from: number, to: number): number => 10 ** ((floors[to]!.residual! - floors[from]!.residual!) / (to - from));

export interface Condition { id: string; label: string; q: Inputs }
/** What the chapter measures, at the depths it quotes. */
export const CONDITIONS: Condition[] = [
  { id: 'pure', label: 'только внимание', q: { ...START, depth: 6 } },
  { id: 'mlp', label: 'ещё и FFN, без связей', q: { ...START, depth: 5, mlp: true } },
  { id: 'post-bare', label: 'нормализация без связей', q: { ...START, depth: 6, norm: 'post' } },
  { id: 'causal', label: 'причинная маска', q: { ...START, depth: DEEPEST, causal: true } },
  { id: 'skip', label: 'связи без нормализации', q: { ...START, depth: DEEPEST, skip: 1 } },
  { id: 'skip-pre', label: 'связи, pre-LN', q: { ...START, depth: DEEPEST, skip: 1, norm: 'pre' } },
  { id: 'block-pre', label: 'весь блок, pre-LN', q: { ...START, depth: DEEPEST, skip: 1, norm: 'pre', mlp: true } },
  { id: 'block-post', label: 'весь блок, post-LN', q: { ...START, depth: DEEPEST, skip: 1, norm: 'post', mlp: true } },
];
/** Lines drawn behind whatever the reader builds. */
export const REFERENCES = ['pure', 'causal', 'block-post', 'block-pre'] as const;

type Row = [residual: number | null, cosine: number, entropy: number | null, score: number];
export interface Recorded {
  commit: string;
  seeds: number[];
  /** The figure at rest: START, five towers; the cosines of one floor above the diagonal, in hundredths. */
  towers: Row[][];
  floor: number;
  cosines: number[];
  conditions: { id: string; towers: [residual: number | null, cosine: number, entropy: number | null][][] }[];
}
const short = (x: number, digits = 3): number => Number(x.toFixed(digits));
const tidy = (x: number | null, digits = 3): number | null => (x === null ? null : short(x, digits));
export const packRow = (f: TowerFloor): Row => [tidy(f.residual), short(f.cosine), tidy(f.entropy), short(f.score, 2)];
export const unpackRow = ([residual, cosine, entropy, score]: Row): TowerFloor => ({ residual, cosine, entropy, score });
export function triangle(map: ArrayLike<number>): number[] {
  const out: number[] = [];
  for (let i = 0; i < TOKENS; i += 1) for (let j = i + 1; j < TOKENS; j += 1) out.push(Math.round(100 * map[i * TOKENS + j]!));
  return out;
}
export function square(packed: readonly number[]): Float32Array {
  const out = new Float32Array(TOKENS * TOKENS);
  let k = 0;
  for (let i = 0; i < TOKENS; i += 1) {
    out[i * TOKENS + i] = 1;
    for (let j = i + 1; j < TOKENS; j += 1) out[i * TOKENS + j] = out[j * TOKENS + i] = packed[k++]! / 100;
  }
  return out;
}
export const atRest = (r: Recorded): Figure => ({ ...START, towers: r.towers.map((t) => t.map(unpackRow)), cosines: square(r.cosines), only: r.floor });
export const floorsOf = (r: Recorded, id: string, seed = 0): TowerFloor[] =>
  r.conditions.find((c) => c.id === id)!.towers[seed]!.map(([residual, cosine, entropy]) => ({ residual, cosine, entropy, score: NaN }));
