// The numbers that «Прочесть и пользоваться» prints are those of the recording.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ru } from '../../kit/fmt';
import { median } from '../../lib/statistics';
import type { Code, Measured, Property, Recorded, Row } from './model';
import json from './recording.json';

const text = readFileSync(new URL('../../../../chapters/09-methods/index.mdx', import.meta.url), 'utf8').replace(/[\s\u00a0\u202f]+/g, ' ');
const says = (...words: string[]): void => { for (const w of words) expect(text.includes(w.replace(/\u00a0/g, ' ')), `the chapter should say «${w}»`).toBe(true); };
const { measured } = json as unknown as Recorded;
const of = (property: Property): Measured[] => measured.filter((m) => m.property === property);
// Rows as kept: input, the previous-token head, after layer 0, after layer 1; codes: the three of the stream.
const [INPUT, HEAD, MIDDLE, END] = [0, 1, 2, 3];
const rows = (property: Property, at: number): Row[] => of(property).map((m) => m.rows[at]!);
const codes = (property: Property, at: number): Code[] => of(property).map((m) => m.codes[at]!);
const cell = (x: number[]): string => { const [low, high] = [ru(Math.min(...x)), ru(Math.max(...x))]; return low === high ? low : `${low}…${high}`; };
const accuracies = (p: Property, at: number): number[] => rows(p, at).map((r) => r.accuracy);
const controls = (p: Property, at: number): number[] => rows(p, at).map((r) => r.control);
const erased = (p: Property, at: number): number[] => rows(p, at).map((r) => r.erased);
const random = (p: Property, at: number): number[] => rows(p, at).map((r) => r.random);
const bits = (c: Code[], what: 'bits' | 'control' | 'uniform'): number[] => c.map((x) => x[what] / x.examples);

describe('what can be read of the previous letter', () => {
  it('prints the table as measured', () => {
    const line = (name: string, at: number): string => `| ${name} | ${cell(accuracies('previous', at))} | ${cell(controls('previous', at))} | ${cell(erased('previous', at))} | ${at === HEAD ? 'то же' : cell(random('previous', at))} |`;
    says(line('вход', INPUT), line('голова предыдущего токена', HEAD), line('поток после слоя 0', MIDDLE), line('поток после слоя 1', END));
    // All sixteen dimensions of a head are needed for thirty-two letters: erased is gone.
    for (const r of rows('previous', HEAD)) expect([r.rank, Math.abs(r.erased - r.random) < 0.05]).toEqual([16, true]);
  });
  it('is selective in the head, not in the stream; the code tells what accuracy does not', () => {
    says(`избирательность не ниже ${ru(Math.floor(100 * Math.min(...rows('previous', HEAD).map((r) => r.accuracy - r.control))) / 100)}`);
    for (const r of rows('previous', MIDDLE)) expect(Math.abs(r.accuracy - r.control)).toBeLessThan(0.05);
    const [own, control] = [bits(codes('previous', 1), 'bits'), bits(codes('previous', 1), 'control')];
    says(`${cell(own)} бита на метку против ${cell(control)}`);
    own.forEach((b, i) => expect(b).toBeLessThan(control[i]!));
  });
  it('is read by the model after layer 0 and by nobody after layer 1', () => {
    const [middle, end] = [rows('previous', MIDDLE), rows('previous', END)];
    for (const r of middle) expect(r.erased).toBeGreaterThan(r.random);
    for (const r of end) { expect(r.accuracy).toBeGreaterThan(0.85); }
    expect(end.every((r) => r.erased < r.random)).toBe(true);
    expect(end.filter((r) => r.erased > 0.3).length).toBe(1); // two would have refuted
  });
});

describe('the other properties', () => {
  it('the stretch of places is legible after layer 0 and hardly needed there', () => {
    says(`с точностью ${cell(accuracies('place', MIDDLE))}`, `стоит ${cell(erased('place', MIDDLE))} ната против ${cell(random('place', MIDDLE))}`);
    for (const r of rows('place', MIDDLE)) expect(r.erased).toBeLessThan(r.random);
  });
  it('«seen» is read at the input, where nothing can know it', () => {
    says(`с точностью ${cell(accuracies('seen', INPUT))} при ${cell(rows('seen', INPUT).map((r) => r.base))} у самого частого ответа`);
    expect(Math.min(...rows('seen', INPUT).map((r) => r.accuracy - r.base))).toBeGreaterThan(0.05);
    expect(median(accuracies('seen', MIDDLE)) - median(accuracies('seen', INPUT))).toBeLessThan(0.03);
  });
});

it('the tuned lens, measured natively, and what it costs', () => {
  interface Depth { logitLens: { divergence: number }; tunedLens: { divergence: number } }
  const lens = JSON.parse(readFileSync(new URL('../../../../chapters/09-methods/data/tuned-lens.json', import.meta.url), 'utf8')) as { steps: number; tokensJudged: number; modelBits: number; depths: Depth[] };
  const after = lens.depths.slice(1); // behind layers 0–3
  const [plain, tuned] = [after.map((d) => d.logitLens.divergence), after.map((d) => d.tunedLens.divergence)];
  says(`${lens.steps} шагов, судили на ${lens.tokensJudged} других токенах`, `с ${plain.map((x) => ru(x)).join('; ')} ната до ${tuned.map((x) => ru(x)).join('; ')}`);
  expect(plain[1]).toBeGreaterThan(plain[0]!);
  tuned.forEach((x, i) => expect(x).toBeLessThan(tuned[i - 1] ?? Infinity));
  expect(Math.abs(lens.modelBits - 5.142)).toBeLessThan(0.05); // what the model's card says of the whole text
  expect(lens.depths.length * (256 * 256 + 256) * 4).toBeGreaterThan(1024 ** 2);
});
