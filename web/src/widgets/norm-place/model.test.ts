import { describe, expect, it } from 'vitest';
import { config, DEPTHS, last, layerNorms, of, PARTS, PLACES, RATES, tensors, TRAINED, type Recorded } from './model';
import json from './recording.json';

const r = json as unknown as Recorded;

/** A safetensors file of these tensors. */
function file(named: Record<string, number[]>): Uint8Array {
  let at = 0;
  const header: Record<string, unknown> = { __metadata__: { format: 'x' } };
  for (const [name, xs] of Object.entries(named)) {
    header[name] = { dtype: 'F32', shape: [xs.length], data_offsets: [at, at + 4 * xs.length] };
    at += 4 * xs.length;
  }
  const head = new TextEncoder().encode(JSON.stringify(header));
  const out = new Uint8Array(8 + head.length + at);
  new DataView(out.buffer).setBigUint64(0, BigInt(head.length), true);
  out.set(head, 8);
  out.set(new Uint8Array(new Float32Array(Object.values(named).flat()).buffer), 8 + head.length);
  return out;
}

it('reads tensors whatever their place in the file', () => {
  const t = tensors(file({ a: [1, 2], bcd: [3] }));
  expect([...t.keys()]).toEqual(['a', 'bcd']);
  expect([...t.get('bcd')!]).toEqual([3]);
});

it('takes the gradient from the first moment', () => {
  const named = Object.fromEntries(['mlp.W_out', 'attn.W_Q', 'attn.W_K', 'attn.W_V', 'attn.W_O'].map((m) => [`adamw.m.blocks.0.${m}`, m === 'mlp.W_out' ? [0.3, 0.4] : [0.3]]));
  const norms = layerNorms(file(named), 1, 0.9);
  expect(norms.ffn[0]).toBeCloseTo(5, 4);
  expect(norms.qk[0]).toBeCloseTo(3 * Math.SQRT2, 4);
});

it('changes the place of the norm and the warm-up, and nothing else', () => {
  const pre = config(6, 'pre', false, 0.002, 1);
  expect(config(6, 'post', false, 0.002, 1)).toEqual({ ...pre, model: { ...pre.model, norm: 'post' } });
  expect(config(6, 'pre', true, 0.002, 1)).toEqual({ ...pre, schedule: { ...pre.schedule, warmup: 100 } });
});

describe('recording', () => {
  it('has every depth at its first step and the grid of the trained', () => {
    expect(r.figures.map((f) => [f.layers, f.pre.qk.length, f.post.ffn.length])).toEqual(DEPTHS.map((l) => [l, l, l]));
    for (const l of TRAINED) for (const p of PLACES) for (const warm of [false, true]) expect(of(r, l, p, warm).map((x) => [x.rate, x.loss.length, x.way.length])).toEqual(RATES.map((x) => [x, 5, r.steps.length]));
  });
  it('shows post-norm level for what it writes and deaf for what it asks', () => {
    const deep = r.figures.at(-1)!;
    const share = (f: (typeof r.figures)[number], p: 'pre' | 'post'): number => Math.hypot(...f[p].vo) / Math.hypot(...f[p].qk);
    expect(share(deep, 'post')).toBeGreaterThan(10 * share(deep, 'pre'));
    expect(last(deep.pre.ffn)).toBeLessThan(0.5 * deep.pre.ffn[0]!);
    expect(PARTS).toHaveLength(3);
  });
});
