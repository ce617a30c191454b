// What chapter 11 says of the order of the three tables, against the recording.
import { expect, it } from 'vitest';
import { bars, BLOCKS, figureOf, type Recorded } from './model';
import json from './recording.json';

const recorded = json as unknown as Recorded;

it('errors order the tables alike for both models at every block, losses do not', () => {
  for (const source of ['repeat-2l', 'ru-small'] as const) for (const block of BLOCKS) {
    const [nf4, int4, fp4] = figureOf(recorded, source, block).error as [number, number, number];
    expect(nf4).toBeLessThan(int4);
    expect(int4).toBeLessThan(fp4);
  }
  const ahead = BLOCKS.map((block) => { const loss = figureOf(recorded, 'ru-small', block).loss!; return loss[1]! < loss[2]!; });
  expect(ahead).toEqual(BLOCKS.map((block) => block >= 64));
});

it('the outer levels of NF4 are used two to five times more rarely than the others', () => {
  const shares = bars(figureOf(recorded, 'normal', 64), 0).map((b) => b.share);
  const inner = shares.slice(1, -1), outer = [shares[0]!, shares.at(-1)!];
  const least = Math.min(...inner) / Math.max(...outer), most = Math.max(...inner) / Math.min(...outer);
  expect(least).toBeGreaterThan(1.9);
  expect(most).toBeLessThan(5.7);
});
