// Heads of layer 1 read the sum. What the weights say about who reads whom, and what the model says when one reading is cut.
import type { RemoteEngine, TensorData } from '../../../../wasm/client/types.ts';
import { batchOf, need } from '../assembly/subject.ts';
import { judge, type Verdict } from '../head-knockout/model.ts';
import { headMatrices, matmul, transpose, type Matrix, type Specimen } from '../specimen/specimen.ts';
import { frozenScale } from '../sum-ledger/model.ts';

export const HEADS = 4;
export const KINDS = ['q', 'k', 'v'] as const;
export type Kind = (typeof KINDS)[number];
/** Score of random factors of these shapes (random_composition of the core, [64, 16], 400 draws). */
export interface Inputs { kind: Kind; seed: number; model: number }
export interface Figure extends Inputs {
  /** [from, to]: ‖W_OV¹ M‖ / ‖W_OV¹‖‖M‖ less the random baseline. */
  score: number[];
  /** [from, to]: rise of the loss (nats) when head `to` no longer reads what head `from` wrote. */
  cut: number[];
  /** Loss when all four heads of layer 1 stop reading `from` in this role. */
  together: number[];
  whole: Verdict;
  baseline: number;
}

const frobenius = (m: Matrix): number => { let s = 0; for (const x of m.data) s += x * x; return Math.sqrt(s); };
type Factors = ReturnType<typeof headMatrices>;

/** Row vectors: a head writes x W_V W_O; a query is read by W_Q W_Kᵀ, a key by its transpose, a value by W_V W_O. */
export function compositionScore(from: Factors, to: Factors, kind: Kind): number {
  const ov = matmul(from.v, from.o);
  const read = kind === 'q' ? matmul(to.q, transpose(to.k)) : kind === 'k' ? matmul(to.k, transpose(to.q)) : matmul(to.v, to.o);
  return frobenius(matmul(ov, read)) / (frobenius(ov) * frobenius(read));
}

export function randomScore(D: number, d: number, draws: number, normal: () => number): number {
  const factor = (rows: number, cols: number): Matrix => ({ rows, cols, data: Float64Array.from({ length: rows * cols }, normal) });
  let sum = 0;
  for (let n = 0; n < draws; n += 1) {
    const f = (): Factors => ({ q: factor(D, d), k: factor(D, d), v: factor(D, d), o: factor(d, D) });
    sum += compositionScore(f(), f(), 'v');
  }
  return sum / draws;
}

/** N(x − r_from) for every place: what layer 1 would read had head `from` of layer 0 written nothing. */
function without(resid: TensorData, result: TensorData, from: number): Float32Array {
  const [B, T, H, D] = result.shape as [number, number, number, number];
  const out = new Float32Array(B * T * D);
  for (let row = 0; row < B * T; row += 1) {
    const x = resid.data.slice(row * D, (row + 1) * D);
    for (let i = 0; i < D; i += 1) x[i]! -= result.data[(row * H + from) * D + i]!;
    const scale = frozenScale(x);
    for (let i = 0; i < D; i += 1) out[row * D + i] = scale * x[i]!;
  }
  return out;
}

/** q, k or v [B, T, H, d] of layer 1 with the heads `to` reading `input` [B·T, D] and the others as they were. */
function reread(own: TensorData, w: TensorData, input: Float32Array, to: readonly number[]): TensorData {
  const [B, T, H, d] = own.shape as [number, number, number, number];
  const D = w.shape[0] as number;
  const data = own.data.slice();
  for (let row = 0; row < B * T; row += 1)
    for (const h of to)
      for (let k = 0; k < d; k += 1) {
        let sum = 0;
        for (let i = 0; i < D; i += 1) sum += input[row * D + i]! * w.data[(i * H + h) * d + k]!;
        data[(row * H + h) * d + k] = sum;
      }
  return { shape: own.shape, data };
}

export async function ask(engine: RemoteEngine, m: Specimen, inputs: Inputs, baseline: number): Promise<Figure> {
  const { kind, seed } = inputs;
  const batch = await batchOf(engine, seed);
  const read = `blocks.1.attn.${kind}`;
  const names = ['blocks.1.resid_pre', 'blocks.0.attn.result', read, 'logits'];
  const own = (await engine.run(m.id, { tokens: batch.tokens, capture: names })).tensors;
  const verdict = (t: TensorData): Verdict => judge(t.data, m.info.config.vocab, batch.targets, batch.weights);
  const whole = verdict(need(own, 'logits'));
  const w = m.weights.get(`blocks.1.attn.W_${kind.toUpperCase()}`)!;
  const [score, cut, together]: number[][] = [[], [], []];
  const all = Array.from({ length: HEADS }, (_, h) => h);
  for (const from of all) {
    const input = without(need(own, 'blocks.1.resid_pre'), need(own, 'blocks.0.attn.result'), from);
    const loss = async (to: readonly number[]): Promise<number> => {
      const value = reread(need(own, read), w, input, to);
      return verdict(need((await engine.run(m.id, { tokens: batch.tokens, capture: ['logits'], replace: [{ name: read, value }] })).tensors, 'logits')).loss - whole.loss;
    };
    for (const to of all) {
      score!.push(compositionScore(headMatrices(m.weights, { layer: 0, head: from }), headMatrices(m.weights, { layer: 1, head: to }), kind) - baseline);
      cut!.push(await loss([to]));
    }
    together!.push(await loss(all));
  }
  return { ...inputs, score: score!, cut: cut!, together: together!, whole, baseline };
}
