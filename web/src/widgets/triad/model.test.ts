import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { InterventionRequest, RemoteEngine } from '../../../../wasm/client/types.ts';
import { ask, curve, reach, rivals, setting, share, shuffled, sweep, type Figure, type Inputs } from './model';
import { PRESETS } from './presets';
import type { Recording } from './recorded';
import { PAIRS } from './sentences';
import { SHAPES, type Subject } from './subject';
import { typed } from './words';

// A model whose losses are known: heads 0 and 1 stand in for each other, 2 costs one nat, 3 pays half a nat back.
const price = (set: readonly number[]): number => (set.includes(0) && set.includes(1) ? 2 : 0) + (set.includes(2) ? 1 : 0) - (set.includes(3) ? 0.5 : 0);
const calls: InterventionRequest[] = [];
const engine = {
  intervene(_id: number, request: InterventionRequest) {
    calls.push(request);
    const n = request.sets.length;
    const costs = request.sets.map((set) => price(set.map((h) => 2 * h.layer + h.head)));
    const T = request.tokens.length;
    // Token 1 leads on sentences that begin with it; token 2 on the others.
    const row = request.tokens[0] === 1 ? [0, 3, 1] : [0, 1, 3];
    return {
      losses: { shape: [n, T - 1], data: Float32Array.from(costs.flatMap((c) => new Array<number>(T - 1).fill(c + 1))) }, difference: Float32Array.from(costs, (c) => row[request.at.right]! - row[request.at.wrong]! - c),
      ...(request.rows && { rows: { shape: [n, 3], data: Float32Array.from(request.sets.flatMap(() => row)) } }),
      ...(request.map && { maps: { shape: [n, T, T], data: new Float32Array(n * T * T) } }),
    };
  },
} as unknown as RemoteEngine;
const subject: Subject = { name: 'ru-small', id: 1, layers: 2, heads: 2, vocab: 3, encode: (t) => Array.from(t, Number), token: (id) => String(id), first: (w) => Number(w), others: (ids) => [ids.map(() => 0), ids.map(() => 2)] };
const inputs = (own: Partial<Inputs>): Inputs => ({ ...PRESETS['09'], tool: 'ablate', text: '1012', twin: '2012', heads: [], right: '', wrong: '', ...own });

describe('what is asked of the engine', () => {
  it('a mean is over other texts, a stranger is one of them by the seed, noise and denoise exchange the sentences', () => {
    expect(setting(subject, inputs({ how: 'mean' })).request).toMatchObject({ how: 'mean', reference: [[0, 0, 0, 0], [2, 2, 2, 2]] });
    expect(setting(subject, inputs({ how: 'zero' })).request).toEqual({ tokens: [1, 0, 1, 2], how: 'zero' });
    expect(setting(subject, inputs({ how: 'resample', seed: 4 })).request).toMatchObject({ how: 'patch', other: [2, 2, 2, 2] });
    const patch = inputs({ tool: 'patch', site: 'v', places: [1, 9] });
    expect(setting(subject, patch).request).toEqual({ tokens: [1, 0, 1, 2], how: 'patch', other: [2, 0, 1, 2], site: 'v', positions: [1] });
    expect(setting(subject, { ...patch, way: 'denoise' }).request).toMatchObject({ tokens: [2, 0, 1, 2], other: [1, 0, 1, 2] });
  });
  it('sentences of different lengths are not patched, and the reader is told', async () => {
    const f = await ask(engine, subject, inputs({ tool: 'patch', twin: '20', heads: [2] }));
    expect(f.problem).toContain('4 и 2');
    expect(f.after).toEqual(f.before);
  });
  it('the rivals are the model\'s own: two of one sentence, the firsts of two', async () => {
    const of = async (own: Partial<Inputs>) => rivals(engine, setting(subject, inputs(own)), inputs(own));
    expect(await of({})).toEqual({ right: 1, wrong: 2 });
    expect(await of({ tool: 'patch' })).toEqual({ right: 1, wrong: 2 });
    expect(await of({ tool: 'patch', way: 'denoise', text: '2012', twin: '1012' })).toEqual({ right: 2, wrong: 1 });
    expect(await of({ right: '0' })).toEqual({ right: 0, wrong: 1 });
    expect(await of({ wrong: '1' })).toEqual({ right: 2, wrong: 1 });
  });
});

describe('what is made of the answers', () => {
  it('a cell is the set with the head less the set without it', async () => {
    const none = await sweep(engine, subject, inputs({}));
    expect(none.loss.given).toEqual([0, 0, 1, -0.5]);
    expect(none.loss.alone).toEqual(none.loss.given);
    const one = await sweep(engine, subject, inputs({ heads: [1] }));
    expect(one.loss.given).toEqual([2, 0, 1, -0.5]); // the spare has become dear
    expect(one.loss.alone).toEqual([0, 0, 1, -0.5]);
    const both = await sweep(engine, subject, inputs({ heads: [0, 1] }));
    expect(both.loss.given).toEqual([2, 2, 1, -0.5]);
    expect(both.logit.given).toEqual([-2, -2, -1, 0.5]);
  });
  it('orders: by single price, greedy, the reader\'s first; and how far each goes', async () => {
    expect(await curve(engine, subject, inputs({}), 'single')).toMatchObject({ order: [3, 0, 1, 2], loss: [1, 0.5, 0.5, 2.5, 3.5] });
    const greedy = await curve(engine, subject, inputs({}), 'greedy');
    expect(greedy).toMatchObject({ order: [3, 0, 2, 1], loss: [1, 0.5, 0.5, 1.5, 3.5] });
    expect((await curve(engine, subject, inputs({ heads: [2] }), 'mine')).order).toEqual([2, 3, 0, 1]);
    expect([reach(greedy, 0.1), reach(greedy, 0.6), reach(greedy, 9)]).toEqual([2, 3, 4]);
    const lot = shuffled(40, 1);
    expect([...lot].sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i));
    expect(shuffled(40, 2)).not.toEqual(lot);
  });
  it('the share of a patch is counted towards the lender', () => {
    expect(share({ lender: -1, before: { difference: 3 }, after: { difference: 1 } } as Figure)).toBe(0.5);
    expect(share({ lender: null } as Figure)).toBeNaN();
  });
  it('a typed word stands after a space, unless the reader says no', () => {
    expect(['была', '+ла', ',', '␣он', ''].map((t) => typed(t, 'ru-small'))).toEqual(['␣была', 'ла', ',', '␣он', '']);
    expect(typed('ы', 'repeat-2l')).toBe('ы');
  });
});

describe('the recordings are what the pages open on', () => {
  for (const [chapter, preset] of Object.entries(PRESETS))
    it(`chapter ${chapter}`, () => {
      const bytes = readFileSync(new URL(`recording-${chapter}.json`, import.meta.url));
      expect(bytes.length).toBeLessThan(20 * 1024);
      const { figure: f, sweep: s, curves } = JSON.parse(bytes.toString()) as Recording;
      for (const key of ['model', 'text', 'twin', 'tool', 'how', 'way', 'site', 'places', 'at', 'head', 'seed'] as const) expect(f[key], key).toEqual(preset[key]);
      const total = SHAPES[preset.model].layers * SHAPES[preset.model].heads;
      const gone = preset.tool === 'prune' ? curves![preset.order]!.order.slice(0, preset.cut) : preset.heads;
      expect(f.heads).toEqual(gone);
      expect(s.heads).toEqual(gone);
      expect(f.before.losses).toHaveLength(f.tokens.length - 1);
      expect(f.map.after).toHaveLength(f.tokens.length ** 2);
      for (const values of [s.direct, s.logit.given, s.loss.alone]) expect(values).toHaveLength(total);
      // The last head of a set costs what the figure says the set of it costs.
      if (gone.length === 1) expect(s.loss.alone[gone[0]!]).toBeCloseTo(f.after.loss - f.before.loss, 2);
      for (const c of Object.values(curves ?? {})) expect([c.order.length, c.loss.length]).toEqual([total, total + 1]);
    });
  it('in a pair of sentences there are different subjects and an answer for each', () => {
    for (const p of PAIRS) expect([p.text === p.twin, p.right === p.wrong]).toEqual([false, false]);
  });
});
