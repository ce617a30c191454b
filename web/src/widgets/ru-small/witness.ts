// A second computation of the same model, written from the chapter's formulas: one token at a time, in
// double precision, with a KV cache. The figures compare the core with it; neither knows the other.
import { dot, rmsNorm, rotate, silu, softmax, times, type Net, type Vector } from './net.ts';

export interface LayerTrace {
  pre: Vector; // [D] the stream the layer reads
  normed: Vector; // [D]
  q: Vector; // [H·d] before rotation
  rotQ: Vector;
  scores: Vector[]; // [H][S]
  weights: Vector[];
  z: Vector; // [H·d]
  attnOut: Vector; // [D]
  mid: Vector;
  mlpIn: Vector;
  gate: Vector; // [M]
  inner: Vector; // [M] silu(gate) ∘ up
  mlpOut: Vector; // [D]
  post: Vector;
}
export interface Trace {
  layers: LayerTrace[];
  final: Vector; // [D] after the last norm
  logits: Vector; // [V]
}

/** How a single new query is masked; `upper-left` is the bug of chapter 5: row 0 of a square mask, whatever the position. */
export type CacheMask = 'lower-right' | 'upper-left';

export class Witness {
  readonly net: Net;
  readonly mask: CacheMask;
  /** [L][S] rotated keys and values, [H·d] each. */
  readonly keys: Vector[][];
  readonly values: Vector[][];

  constructor(net: Net, mask: CacheMask = 'lower-right') {
    this.net = net;
    this.mask = mask;
    this.keys = net.blocks.map(() => []);
    this.values = net.blocks.map(() => []);
  }

  get length(): number {
    return this.keys[0]?.length ?? 0;
  }

  /** Keys seen by the query at position t under this mask. */
  visible(t: number, mask = this.mask): number {
    return mask === 'upper-left' ? 1 : t + 1;
  }

  /** Appends one token. `predict: false` skips the unembedding, the dearest step of all. */
  step(token: number, { predict = true, mask = this.mask }: { predict?: boolean; mask?: CacheMask } = {}): Trace {
    const { net } = this;
    const t = this.length;
    let x: Vector = Float64Array.from(net.embed.subarray(token * net.width, (token + 1) * net.width));
    const layers = net.blocks.map((_, l) => {
      const trace = this.#layer(l, x, t, mask);
      x = trace.post;
      return trace;
    });
    const final = rmsNorm(x, net.last, net.epsilon);
    const logits = new Float64Array(predict ? net.vocab : 0);
    for (let v = 0; v < logits.length; v += 1) logits[v] = dot(final, net.embed, net.width, 0, v * net.width);
    return { layers, final, logits };
  }

  #layer(l: number, pre: Vector, t: number, mask: CacheMask): LayerTrace {
    const { net } = this;
    const b = net.blocks[l]!;
    const { heads: H, head: d, width: D, inner: M } = net;
    const normed = rmsNorm(pre, b.ln1, net.epsilon);
    const q = times(normed, b.q, H * d);
    const rotQ = this.#rotateAll(q, t);
    this.keys[l]!.push(this.#rotateAll(times(normed, b.k, H * d), t));
    this.values[l]!.push(times(normed, b.v, H * d));
    const z = new Float64Array(H * d);
    const [scores, weights]: [Vector[], Vector[]] = [[], []];
    for (let h = 0; h < H; h += 1) {
      const s = Float64Array.from({ length: this.visible(t, mask) }, (_, i) => net.scale * dot(rotQ, this.keys[l]![i]!, d, h * d, h * d));
      const a = softmax(s);
      scores.push(s);
      weights.push(a);
      a.forEach((weight, i) => {
        for (let c = 0; c < d; c += 1) z[h * d + c]! += weight * (this.values[l]![i]![h * d + c] as number);
      });
    }
    const attnOut = times(z, b.o, D);
    const mid = pre.map((v, i) => v + attnOut[i]!);
    const mlpIn = rmsNorm(mid, b.ln2, net.epsilon);
    const gate = times(mlpIn, b.gate, M);
    const up = times(mlpIn, b.up, M);
    const inner = gate.map((g, i) => silu(g) * up[i]!);
    const mlpOut = times(inner, b.down, D);
    return { pre, normed, q, rotQ, scores, weights, z, attnOut, mid, mlpIn, gate, inner, mlpOut, post: mid.map((v, i) => v + mlpOut[i]!) };
  }

  #rotateAll(x: Vector, t: number): Vector {
    const { heads, head } = this.net;
    const out = new Float64Array(x.length);
    for (let h = 0; h < heads; h += 1) out.set(rotate(this.net, x.subarray(h * head, (h + 1) * head), t), h * head);
    return out;
  }
}
