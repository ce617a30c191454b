// The same layer computed several ways by the same engine, and the test of additivity with the map frozen and alive.
import type { RemoteEngine, TensorData } from '../../../../wasm/client/types.ts';
import { encode } from '../../kit/letters.ts';
import { mulberry } from '../../lib/random.ts';
import { headMatrices, headWidth, largestGap, matmul, transpose, zeros, type Matrix, type Specimen } from '../specimen/specimen.ts';

export const TEXT = 'республикареспубли';
export const OTHER = 'внимательновнимате';
export const MAX = 24;
/** How many coordinates of the stream are shown. */
export const SHOWN = 8;

export interface Inputs {
  text: string;
  /** The second string, cut or kept to the length of the first. */
  other: string;
  layer: number;
  seed: number;
}
export type Way = 'sum' | 'circuits' | 'basis';
export interface Additivity {
  head: number;
  /** Largest |h(X + Y) − h(X) − h(Y)| with the map of X in all three, and with the map each input makes. */
  frozen: number;
  live: number;
  /** Largest |h(X + Y)|, to judge them by. */
  size: number;
}
export interface Figure extends Inputs {
  tokens: string[];
  /** Largest difference from the core's own concat → W_O. */
  gaps: Record<Way, number>;
  /** Largest |entry| of the layer's output. */
  size: number;
  /** [H + 3, T, SHOWN]: each head, their sum, concat → W_O, the two products. */
  parts: ArrayLike<number>;
  additivity: Additivity[];
}

/** A random invertible [d, d] and its inverse (Gauss–Jordan with pivoting). */
export function basis(d: number, next: () => number): { g: Matrix; inverse: Matrix } {
  const g = zeros(d, d);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  for (let i = 0; i < d * d; i += 1) g.data[i] = 0.5 * normal() + (i % (d + 1) === 0 ? 3 : 0);
  return { g, inverse: invert(g) };
}

export function invert(m: Matrix): Matrix {
  const n = m.rows;
  const [a, out] = [m.data.slice(), zeros(n, n)];
  for (let i = 0; i < n; i += 1) out.data[i * n + i] = 1;
  const rowOp = (to: number, from: number, factor: number): void => {
    for (const x of [a, out.data]) for (let j = 0; j < n; j += 1) x[to * n + j]! -= factor * (x[from * n + j] as number);
  };
  for (let c = 0; c < n; c += 1) {
    let pivot = c;
    for (let r = c; r < n; r += 1) if (Math.abs(a[r * n + c] as number) > Math.abs(a[pivot * n + c] as number)) pivot = r;
    if (a[pivot * n + c] === 0) throw new Error('the matrix has no inverse');
    if (pivot !== c) for (const x of [a, out.data]) for (let j = 0; j < n; j += 1) [x[c * n + j], x[pivot * n + j]] = [x[pivot * n + j] as number, x[c * n + j] as number];
    const p = a[c * n + c] as number;
    for (const x of [a, out.data]) for (let j = 0; j < n; j += 1) x[c * n + j]! /= p;
    for (let r = 0; r < n; r += 1) if (r !== c) rowOp(r, c, a[r * n + c] as number);
  }
  return out;
}

type Factors = ReturnType<typeof headMatrices>;

/** The model with every head's four factors replaced; `width` is the new d. The score scale stays 1/√(old d). */
async function rebuilt(engine: RemoteEngine, m: Specimen, width: number, change: (f: Factors) => Factors): Promise<number> {
  const { layers, heads } = m.info.config;
  const config = { ...m.info.config, head_width: width, scale: 1 / Math.sqrt(headWidth(m)) };
  const blank = await engine.createModel(config, 1); // tells where each parameter lies
  const flat = new Float32Array(Math.max(...blank.parameters.map((p) => p.offset + p.shape.reduce((a, b) => a * b, 1))));
  const offset = (name: string): number => blank.parameters.find((p) => p.name === name)!.offset;
  for (const { name, offset: at } of blank.parameters) if (!/attn\.W_/.test(name)) flat.set(m.weights.get(name)!.data, at);
  for (let layer = 0; layer < layers; layer += 1)
    for (let head = 0; head < heads; head += 1) {
      const f = change(headMatrices(m.weights, { layer, head }));
      for (const [letter, x] of [['Q', f.q], ['K', f.k], ['V', f.v]] as const) {
        const at = offset(`blocks.${layer}.attn.W_${letter}`);
        for (let i = 0; i < x.rows; i += 1) for (let c = 0; c < x.cols; c += 1) flat[at + (i * heads + head) * width + c] = x.data[i * x.cols + c] as number;
      }
      flat.set(f.o.data, offset(`blocks.${layer}.attn.W_O`) + head * f.o.data.length);
    }
  await engine.disposeModel(blank.id);
  return (await engine.createModel(config, flat)).id;
}

const identity = (n: number): Matrix => {
  const out = zeros(n, n);
  for (let i = 0; i < n; i += 1) out.data[i * n + i] = 1;
  return out;
};
/** Only the products: W_Q W_Kᵀ in place of W_Q, W_V W_O in place of W_V, nothing in place of the others. */
export const toCircuits = (f: Factors): Factors => ({ q: matmul(f.q, transpose(f.k)), k: identity(f.k.rows), v: matmul(f.v, f.o), o: identity(f.o.cols) });
/** The same head in other coordinates: W_Q G, W_K G⁻ᵀ, W_V R, R⁻¹ W_O. */
export function toBasis(f: Factors, next: () => number): Factors {
  const [g, r] = [basis(f.q.cols, next), basis(f.v.cols, next)];
  return { q: matmul(f.q, g.g), k: matmul(f.k, transpose(g.inverse)), v: matmul(f.v, r.g), o: matmul(r.inverse, f.o) };
}

const add = (a: TensorData, b: TensorData): TensorData => ({ shape: a.shape, data: a.data.map((x, i) => x + (b.data[i] as number)) });

export async function ask(engine: RemoteEngine, m: Specimen, { text, other, layer, seed }: Inputs): Promise<Figure> {
  const at = (name: string): string => `blocks.${layer}.${name}`;
  const T = Math.min(encode(text).length, encode(other).length);
  const [ids, others] = [encode(text).slice(0, T), encode(other).slice(0, T)];
  const names = [at('attn_in'), at('attn_out'), at('attn.result'), at('attn.pattern')];
  const own = (await engine.run(m.id, { tokens: [ids], capture: names })).tensors;
  const second = (await engine.run(m.id, { tokens: [others], capture: [at('attn_in')] })).tensors;
  const [x, out, result, pattern] = names.map((n) => own[n]!) as [TensorData, TensorData, TensorData, TensorData];
  const { heads: H, width: D } = m.info.config;

  const sum = new Float32Array(T * D);
  for (let t = 0; t < T; t += 1) for (let h = 0; h < H; h += 1) for (let i = 0; i < D; i += 1) sum[t * D + i]! += result.data[(t * H + h) * D + i] as number;
  const through = async (width: number, change: (f: Factors) => Factors): Promise<Float32Array> => {
    const id = await rebuilt(engine, m, width, change);
    const { tensors } = await engine.run(id, { tokens: [ids], capture: [at('attn_out')], replace: [{ name: at('attn_in'), value: x }] });
    await engine.disposeModel(id);
    return tensors[at('attn_out')]!.data;
  };
  const circuits = await through(D, toCircuits);
  const next = mulberry(seed);
  const turned = await through(headWidth(m), (f) => toBasis(f, next));

  const parts = new Float32Array((H + 3) * T * SHOWN);
  const show = (part: number, row: (t: number) => ArrayLike<number>): void => {
    for (let t = 0; t < T; t += 1) for (let i = 0; i < SHOWN; i += 1) parts[(part * T + t) * SHOWN + i] = row(t)[i] as number;
  };
  for (let h = 0; h < H; h += 1) show(h, (t) => result.data.subarray((t * H + h) * D));
  [sum, out.data, circuits].forEach((a, i) => show(H + i, (t) => a.subarray(t * D)));

  return {
    text, other, layer, seed, tokens: Array.from(text).slice(0, T), parts,
    gaps: { sum: largestGap(sum, out.data), circuits: largestGap(circuits, out.data), basis: largestGap(turned, out.data) },
    size: largestGap(out.data, new Float32Array(out.data.length)),
    additivity: await additivity(engine, m, ids, layer, x, second[at('attn_in')]!, pattern),
  };
}

async function additivity(engine: RemoteEngine, m: Specimen, ids: number[], layer: number, x: TensorData, y: TensorData, pattern: TensorData): Promise<Additivity[]> {
  const { heads: H, width: D } = m.info.config;
  const result = `blocks.${layer}.attn.result`;
  const write = async (input: TensorData, frozen: boolean): Promise<Float32Array> => {
    const replace = [{ name: `blocks.${layer}.attn_in`, value: input }, ...(frozen ? [{ name: `blocks.${layer}.attn.pattern`, value: pattern }] : [])];
    return (await engine.run(m.id, { tokens: [ids], capture: [result], replace })).tensors[result]!.data;
  };
  const measured: { gap: number[]; size: number[] }[] = [];
  for (const frozen of [true, false]) {
    const [both, a, b] = [await write(add(x, y), frozen), await write(x, frozen), await write(y, frozen)];
    const [gap, size] = [new Array<number>(H).fill(0), new Array<number>(H).fill(0)];
    both.forEach((value, i) => {
      const h = Math.floor(i / D) % H;
      gap[h] = Math.max(gap[h] as number, Math.abs(value - (a[i] as number) - (b[i] as number)));
      size[h] = Math.max(size[h] as number, Math.abs(value));
    });
    measured.push({ gap, size });
  }
  return Array.from({ length: H }, (_, head) => ({ head, frozen: measured[0]!.gap[head]!, live: measured[1]!.gap[head]!, size: measured[1]!.size[head]! }));
}

const short = (x: number, digits = 4): number => Number(x.toPrecision(digits));
/** For the recording. */
export const rounded = (f: Figure): Figure => ({
  ...f, size: short(f.size), parts: Array.from(f.parts, (x) => short(x, 3)),
  gaps: { sum: short(f.gaps.sum, 3), circuits: short(f.gaps.circuits, 3), basis: short(f.gaps.basis, 3) },
  additivity: f.additivity.map((a) => ({ head: a.head, frozen: short(a.frozen, 3), live: short(a.live, 3), size: short(a.size, 3) })),
});
