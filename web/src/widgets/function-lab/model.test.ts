import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { mulberry } from '../../lib/random';
import { apart, bare, blindBound, BOS, effects, LETTERS, MOST, oneExampleBound, prompt, replaced, SHOWN, type Engine, type Prompt, type Recorded, type Subject, type Vectors } from './model';
import json from './recording.json';

const r = json as unknown as Recorded;
const recipe = JSON.parse(readFileSync(new URL('../../../../models/functions-2l/train.json', import.meta.url), 'utf8')) as { functions: number[][] };
const s: Subject = { id: 1, layers: 2, heads: 4, functions: r.figure.functions };

describe('prompts', () => {
  it('show pairs of one function, ask for another letter, and never show the asked one', () => {
    const next = mulberry(3);
    for (let i = 0; i < 50; i += 1) {
      const p = prompt(s, i % 8, SHOWN, next);
      const map = s.functions[i % 8]!;
      expect(p.tokens[0]).toBe(BOS);
      const x = p.tokens.filter((_, t) => t % 2 === 1);
      expect(new Set(x).size).toBe(SHOWN + 1);
      for (let k = 0; k < SHOWN; k += 1) expect(p.tokens[2 * k + 2]).toBe(map[p.tokens[2 * k + 1]!]);
      expect(p.answer).toBe(map[x.at(-1)!]);
    }
  });
  it('with mixed labels no letter keeps its answer, and all answers are there', () => {
    const next = mulberry(4);
    for (let i = 0; i < 50; i += 1) {
      const p = prompt(s, 2, SHOWN, next, { mixed: true });
      const pairs = Array.from({ length: SHOWN }, (_, k) => [p.tokens[2 * k + 1]!, p.tokens[2 * k + 2]!] as const);
      for (const [x, y] of pairs) expect(y).not.toBe(s.functions[2]![x]);
      expect(pairs.map(([, y]) => y).sort()).toEqual(pairs.map(([x]) => s.functions[2]![x]!).sort());
    }
  });
  it('ask for the letter that is wanted', () => {
    const next = mulberry(5);
    for (let x = 0; x < LETTERS; x += 1) {
      const p = prompt(s, 1, SHOWN, next, { asked: x });
      expect(p.tokens.at(-1)).toBe(x);
      expect(new Set(p.tokens.filter((_, t) => t % 2 === 1)).size).toBe(SHOWN + 1);
    }
    expect(bare(s)).toHaveLength(128);
  });
});

describe('bounds', () => {
  it('by hand, for two functions of which half the letters agree', () => {
    const f = Array.from({ length: LETTERS }, (_, i) => i);
    const g = f.map((i) => (i < 8 ? i : 8 + ((i + 1) % 8)));
    expect(blindBound([f, g])).toBe(0.75);
    // An example from the upper half names the function; one from the lower says nothing.
    expect(oneExampleBound([f, g])).toBeCloseTo(0.5 + 0.5 * (7 / 15 + (8 / 15) * 0.5), 12);
  });
});

/** A model of one head a layer whose logits are what its heads say. */
function toy(): { engine: Engine; asked: string[] } {
  const asked: string[] = [];
  const engine = {
    run: async (_: number, q: { tokens: number[][]; capture: string[]; replace?: { name: string; value: { shape: number[]; data: Float32Array } }[] }) => {
      const [B, T] = [q.tokens.length, q.tokens[0]!.length];
      const put = new Map((q.replace ?? []).map((x) => [x.name, x.value.data]));
      const z0 = put.get('blocks.0.attn.z') ?? new Float32Array(B * T).fill(1);
      const z1 = put.get('blocks.1.attn.z') ?? z0.map((v) => v + 1); // the upper head hears the lower
      asked.push(q.capture.join());
      const logits = new Float32Array(B * T * 2);
      for (let i = 0; i < B * T; i += 1) logits[2 * i + 1] = z1[i]! - 2;
      const all: Record<string, { shape: number[]; data: Float32Array }> = { 'blocks.0.attn.z': { shape: [B, T, 1, 1], data: z0 }, 'blocks.1.attn.z': { shape: [B, T, 1, 1], data: z1 }, logits: { shape: [B, T, 2], data: logits } };
      return { tensors: Object.fromEntries(q.capture.map((c) => [c, all[c]!])), loss: 0, losses: { shape: [B, 0], data: new Float32Array(0) } };
    },
  } as unknown as Engine;
  return { engine, asked };
}
const subject: Subject = { id: 1, layers: 2, heads: 1, functions: [[0, 1]] };
const asks: Prompt[] = [{ tokens: [0, 1], f: 0, answer: 1 }];
const says = (a: number, b: number): Vectors => ({ z: [[Float64Array.of(a), Float64Array.of(b)]], written: [] });

describe('replacing', () => {
  it('lets the upper head hear what the lower one was made to say', async () => {
    const { engine } = toy();
    expect((await replaced(engine, subject, asks, says(0, 0), [], () => 0)).p[0]).toBeCloseTo(0.5, 6);
    expect((await replaced(engine, subject, asks, says(5, 0), [0], () => 0)).p[0]).toBeCloseTo(1 / (1 + Math.exp(-4)), 6);
    expect((await replaced(engine, subject, asks, says(5, 3), [0, 1], () => 0)).p[0]).toBeCloseTo(1 / (1 + Math.exp(-1)), 6);
  });
  it('measures an effect as a difference of probabilities', async () => {
    const { engine } = toy();
    const [lower, upper] = await effects(engine, subject, asks, says(5, 2));
    expect(lower).toBeCloseTo(1 / (1 + Math.exp(-4)) - 0.5, 6);
    expect(upper).toBeCloseTo(0, 6);
  });
});

describe('function and letter apart', () => {
  const table = (value: (f: number, x: number) => number): Float64Array[][] => Array.from({ length: 2 * LETTERS }, (_, i) => [Float64Array.of(value(Math.floor(i / LETTERS), i % LETTERS))]);
  it('gives back a sum of the two', () => {
    const own = table((f, x) => 10 * f + x);
    apart(own).z.forEach((v, i) => expect(v[0]![0]).toBeCloseTo(own[i]![0]![0]!, 12));
  });
  it('leaves nothing of what is only in their meeting', () => {
    for (const v of apart(table((f, x) => (f === x % 2 ? 1 : -1))).z) expect(v[0]![0]).toBeCloseTo(0, 12);
  });
});

describe('the recording', () => {
  it('is of the shipped language and of five models', () => {
    expect(r.figure.functions).toEqual(recipe.functions);
    for (const f of recipe.functions) expect([...f].sort((a, b) => a - b)).toEqual(Array.from({ length: LETTERS }, (_, i) => i));
    expect(r.seeds).toHaveLength(5);
    for (const x of r.seeds) expect([x.demos.length, x.aie.length, x.top.length, x.letter.length]).toEqual([MOST + 1, 8, 9, 9]);
  });
  it('without examples says the best that can be said blind, in all five', () => {
    for (const x of r.seeds) expect(x.demos[0]).toBeCloseTo(blindBound(r.figure.functions), 3);
  });
  it('all heads replaced is all heads replaced', () => {
    for (const x of r.seeds) expect(x.top[8]).toBe(x.bottom[8]);
    for (const x of r.seeds) expect([x.top[0], x.bottom[0], x.letter[0]]).toEqual([x.demos[0], x.demos[0], x.demos[0]]);
  });
});
