import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ru } from '../../kit/fmt';
import { config, entropy, last, median, of, RATES, type Recorded, type Run } from './model';
import json from './recording.json';

const recorded = json as unknown as Recorded;

it('changes the rate and the norm, and nothing else of the recipe', () => {
  const plain = config(0.1, false, 3);
  expect(config(0.1, true, 3)).toEqual({ ...plain, model: { ...plain.model, qk_norm: true } });
  expect(plain).toMatchObject({ seed: 3, steps: 300, schedule: { learning_rate: 0.1 } });
  expect(median([3, 1, 2])).toBe(2);
  expect(entropy({ heads: [{ entropy: 1 }, { entropy: 3 }] } as never)).toBe(2);
});

describe('recording', () => {
  it('has five seeds of every rate, with and without', () => {
    for (const rate of RATES) for (const norm of [false, true]) expect(of(recorded, rate, norm).map((r) => r.seed)).toEqual([1, 2, 3, 4, 5]);
  });
  it('keeps scores within the norm at every rate', () => {
    for (const rate of RATES) expect(Math.max(...of(recorded, rate, true).map((r) => last(r.score)))).toBeLessThan(Math.min(...of(recorded, 0.1, false).map((r) => last(r.score))));
  });
});

it('the chapter says what was recorded', () => {
  const text = readFileSync(new URL('../../../../chapters/10-collapse/index.mdx', import.meta.url), 'utf8').replace(/[\s\u00a0\u202f]+/g, ' ');
  const file = readFileSync(new URL('../../../../chapters/10-collapse/data/blowup.json', import.meta.url), 'utf8');
  const measured: Recorded = { commit: '', runs: (JSON.parse(file) as { result: Run[] }).result.map((r) => ({ ...r, rate: Number(r.rate.toPrecision(3)) })) };
  const ends = (rate: number, norm: boolean, key: 'loss' | 'entropy' | 'score'): [number, number] => {
    const xs = of(measured, rate, norm).map((r) => last(r[key]));
    return [Math.min(...xs), Math.max(...xs)];
  };
  const says = (words: string): void => expect(text.includes(words), `the chapter should say «${words}»`).toBe(true);
  const range = ([low, high]: [number, number]): string => `${ru(low)}–${ru(high)}`;
  says(`энтропия строк — до ${range(ends(0.1, false, 'entropy'))} ната, потери стоят на ${range(ends(0.1, false, 'loss'))} ната`);
  says(`энтропия ${range(ends(0.1, true, 'entropy'))}, потери ${range(ends(0.1, true, 'loss'))}`);
  says(`без нормализации потери ${range(ends(0.03, false, 'loss'))} при энтропии ${ru(median(of(measured, 0.03, false).map((r) => last(r.entropy))))}, с нею — ${range(ends(0.03, true, 'loss'))}`);
  says(`(${range(ends(0.01, true, 'entropy'))} ната против ${range(ends(0.01, false, 'entropy'))})`);
  says(`потери ${range(ends(0.01, true, 'loss'))} против ${range(ends(0.01, false, 'loss'))}`);
  expect(ends(0.1, false, 'score').map((x) => Math.round(x / 100) * 100)).toEqual([9300, 16700]);
  for (const rate of RATES) expect(ends(rate, true, 'score')[1]).toBeLessThan(4);
});
