// The paths that «Эмпирика» names under the figure are those of the recording.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { minima, ordered, phases } from '../markov/model';
import { unpack } from '../training/samples';
import { path, type Recorded } from './model';
import json from './recording.json';

const text = readFileSync(new URL('../../../../chapters/07-specialisation/index.mdx', import.meta.url), 'utf8').replace(/[\s\u00a0\u202f]+/g, ' ');
const paths = (json as unknown as Recorded).curves.map((c) => path(unpack(c))!);
const names = paths.map((p) => `${p.from} → ${p.to}`);

it('names the recorded paths, of which two agree', () => {
  expect(text).toContain(`зёрна 1–4 дали пути ${names.slice(0, 3).join(', ')} и снова ${names[3]!}: путь есть у каждого, а два совпали`);
  expect([names[3], new Set(names).size]).toEqual([names[1], 3]);
  for (const p of paths) expect(Math.min(p.previous, p.induction)).toBeGreaterThan(0.5);
});

it('asks the last question about the paths of seeds 1 and 2', () => {
  const [one, two] = [paths[0]!, paths[1]!];
  expect(text).toContain(`При зерне 1 путь идёт через головы ${one.from} и ${one.to}, при зерне 2 — через ${two.from} и ${two.to}.`);
});

it('tells the order of the strategies as five seeds of chains had it', () => {
  interface Chain { steps: number[]; uniform: number[]; unigram: number[]; bigram: number[] }
  const file = readFileSync(new URL('../../../../chapters/07-specialisation/data/markov.json', import.meta.url), 'utf8');
  const chains = (JSON.parse(file) as { result: { runs: Chain[] } }).result.runs.map((r) => r.steps.map((step, i) => ({ step, uniform: r.uniform[i]!, unigram: r.unigram[i]!, bigram: r.bigram[i]! })));
  for (const c of chains) expect(phases(c).map((p) => p.strategy)).toEqual(['uniform', 'unigram', 'bigram']);
  const at = (k: number): number[] => [...new Set(chains.map((c) => phases(c)[k]!.step))].sort((a, b) => a - b);
  expect([at(0), at(1)]).toEqual([[0], [25, 50]]);
  expect(text).toContain(`пары — с ${at(2)[0]}–${at(2).at(-1)}; минимумы в этом порядке на четырёх`);
  expect(chains.map(ordered)).toEqual([false, true, true, true, true]);
  expect(text).toContain(`«поровну» на шаге ${minima(chains[0]!).uniform}, частоты на ${minima(chains[0]!).unigram}`);
});
