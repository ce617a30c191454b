import { expect, it } from 'vitest';
import { packMaps, type Recorded } from '../birth/model';
import { guess } from './model';

it('sums the last row over equal letters', () => {
  const row = (...v: number[]): number[] => v;
  const flat = Float32Array.from([...row(1, 0, 0), ...row(0.5, 0.5, 0), ...row(0.2, 0.6, 0.2)]);
  const other = Float32Array.from([...row(1, 0, 0), ...row(1, 0, 0), ...row(1, 0, 0)]);
  const recorded = {
    commit: '', text: 'аба', knockouts: [],
    curve: { seed: 1, layers: 2, heads: 1, steps: [1], loss: [1], accuracy: [1], previous: [[0.9, 0.1]], induction: [[0.1, 0.9]] },
    maps: [{ step: 1, data: packMaps({ T: 3, maps: [[other], [flat]], next: [] }), next: [] }],
  } satisfies Recorded;
  const g = guess(recorded);
  expect([g.head, g.letter, g.tokens]).toEqual(['1.0', 'а', ['а', 'б']]);
  expect(g.answer[0]).toBeCloseTo(0.4, 2);
  expect(g.answer[1]).toBeCloseTo(0.6, 2);
});
