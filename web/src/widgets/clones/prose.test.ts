// What «Эмпирика» says about twins is what five seeds of them recorded.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ru } from '../../kit/fmt';
import { unpackRuns, type Recorded } from './model';
import json from './recording.json';

interface Run { accuracy: number[]; heads: { layer: number; previous: number }[]; differenceAfter: number; births: { accuracy: number } }
const read = (path: string): string => readFileSync(new URL(`../../../../chapters/07-specialisation/${path}`, import.meta.url), 'utf8');
const text = read('index.mdx').replace(/[\s\u00a0\u202f]+/g, ' ');
const [twins, noisy] = (JSON.parse(read('data/clones.json')) as { result: { runs: Run[] }[] }).result.map((r) => r.runs) as [Run[], Run[]];
const says = (words: string): void => expect(text.includes(words), `the chapter should say «${words}»`).toBe(true);
const span = (x: number[], digits = 2): string => `${ru(Math.min(...x), digits)}–${ru(Math.max(...x), digits)}`;
const previous = (r: Run): number[] => r.heads.filter((h) => h.layer === 0).map((h) => h.previous);
const end = (r: Run): number => r.accuracy.at(-1)!;

it('twins and nearly twins', () => {
  says(`на шагах ${span(noisy.map((r) => r.births.accuracy), 0)} (у близнецов — ${span(twins.map((r) => r.births.accuracy), 0)})`);
  const drawn = unpackRuns(json as unknown as Recorded).get(0.001)!.find((p) => p.step === 135)!;
  says(`к шагу 135 — ${ru(drawn.largest)} (зерно ${json.seed}), к концу — ${span(noisy.map((r) => r.differenceAfter), 1)} (пять зёрен)`);
  says(`к концу ${span(twins.flatMap(previous))} у всех четырёх сразу`);
  const told = noisy.filter((r) => Math.max(...previous(r)) > 0.9);
  const rest = noisy.filter((r) => Math.max(...previous(r)) <= 0.9);
  expect([told.length, rest.length]).toEqual([3, 2]);
  says(`с показателем ${span(told.map((r) => Math.max(...previous(r))))}, и точность доходит до ${span(told.map(end))}`);
  says(`не выше ${ru(Math.max(...rest.flatMap(previous)))}, как у близнецов`);
  says(`точность ${rest.map((r) => ru(end(r))).join(' и ')}.`);
});
