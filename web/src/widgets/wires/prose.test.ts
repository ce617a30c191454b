// The numbers that «Кто кому и через какой вход» prints are those of the recording.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ru } from '../../kit/fmt';
import { edgesOf, INPUTS, type Contrast, type Recorded } from './model';
import json from './recording.json';

const text = readFileSync(new URL('../../../../chapters/09-methods/index.mdx', import.meta.url), 'utf8').replace(/[\s\u00a0\u202f]+/g, ' ');
const says = (...words: string[]): void => { for (const w of words) expect(text.includes(w.replace(/\u00a0/g, ' ')), `the chapter should say «${w}»`).toBe(true); };
const { rows, figures } = json as unknown as Recorded;
const span = (x: number[]): string => `${ru(Math.min(...x))}–${ru(Math.max(...x))}`;
const of = (c: Contrast, pick: (r: Recorded['rows'][number]['contrasts'][Contrast]) => number): number[] => rows.map((r) => pick(r.contrasts[c]));

describe('three wires', () => {
  it('prints the table as measured', () => {
    says(`| сосед ответа | голова предыдущего токена → K | ${span(of('before', (r) => r.previous.K))} |`);
    says(`| ответ | буквы → V | ${span(of('source', (r) => r.tokens.V))} |`, `| последняя буква | буквы → Q | ${span(of('asker', (r) => r.tokens.Q))} |`);
  });
  it('keeps what was expected on every seed', () => {
    for (const r of rows) {
      const { before, source, asker } = r.contrasts;
      expect(Math.min(before.previous.K, source.tokens.V, asker.tokens.Q)).toBeGreaterThan(0.8);
      for (const x of [before.previous.Q, before.previous.V, before.direct, source.tokens.Q, source.tokens.K, asker.tokens.K, asker.tokens.V, before.tokens.Q, before.tokens.K, before.tokens.V]) expect(Math.abs(x)).toBeLessThan(0.1);
    }
    const stray = rows.flatMap((r) => [r.contrasts.before.previous.Q, r.contrasts.before.previous.V, r.contrasts.before.direct, ...INPUTS.map((i) => r.contrasts.before.tokens[i]), r.contrasts.source.tokens.Q, r.contrasts.source.tokens.K, r.contrasts.asker.tokens.K, r.contrasts.asker.tokens.V].map(Math.abs));
    says(`не больше ${ru(Math.max(...stray), 3)}`);
  });
  it('the four edges together are more than all of it', () => {
    const sums = of('before', (r) => r.each.reduce((a, b) => a + b, 0));
    says(`вместе ${span(sums)}`);
    expect(Math.min(...sums)).toBeGreaterThan(1.1);
  });
  it('the string of the figure is not the mean of forty', () => {
    const stray = edgesOf(figures.before).find((e) => e.from === 0 && e.input === 'V' && e.layer === 1)!;
    says(`голова ${stray.layer}.${stray.head} получает ${ru(stray.value)} прямо от букв`);
  });
});
