// The numbers that «Что экономит нож» prints are those of the recording.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { int, percent, ru } from '../../kit/fmt';
import { median } from '../../lib/statistics';
import { type Recorded, type Session } from './model';
import json from './recording.json';

const text = readFileSync(new URL('../../../../chapters/12-pruning/index.mdx', import.meta.url), 'utf8').replace(/[\s\u00a0\u202f]+/g, ' ');
const says = (...words: string[]): void => { for (const w of words) expect(text.includes(w.replace(/[\u00a0\u202f]/g, ' ')), `the chapter should say «${w}»`).toBe(true); };
const { sessions, sizes, figure } = json as unknown as Recorded;
const of = (gone: number, batch: number, way: 'mask' | 'fold' | 'slice'): number[] => sessions.filter((s: Session) => s.gone === gone && s.batch === batch).map((s) => s[way]);
const cell = (x: number[]): string => `${ru(median(x))} (${ru(Math.min(...x))}…${ru(Math.max(...x))})`;

it('prints the table as measured', () => {
  for (const gone of [4, 6]) for (const batch of [1, 128]) says(`| ${gone} | ${batch} | ${cell(of(gone, batch, 'mask'))} | ${cell(of(gone, batch, 'fold'))} | ${cell(of(gone, batch, 'slice'))} |`);
});
it('says what is left of the weights, and that the answers are one', () => {
  says(`${int(sizes[4]!.parameters)} весов из ${int(sizes[0]!.parameters)}`, `${int(sizes[4]!.bytes / 1024)} КБ из ${int(sizes[0]!.bytes / 1024)}`);
  expect(figure.apart).toBe(0);
});
it('keeps one half of the expectation and refutes the other', () => {
  says(`Половина голов сберегла ${percent(1 - median(of(4, 128, 'slice')))} времени`);
  expect(median(of(4, 128, 'slice'))).toBeLessThan(2 / 3);
  for (const batch of [1, 128]) for (const way of ['mask', 'fold'] as const) expect(median(of(4, batch, way))).toBeGreaterThan(0.9);
  expect(Math.max(...of(4, 1, 'slice'))).toBeLessThan(2 / 3); // a third saved at one sequence too
  expect(Math.min(...of(4, 1, 'mask'))).toBeGreaterThan(1.1);
});
