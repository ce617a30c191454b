// What chapter 14 says of the chain of windows is what was recorded.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ru } from '../../kit/fmt';
import { reach, row, WINDOW, type Recorded } from './model';
import json from './recording.json';

const r = json as unknown as Recorded;
const text = readFileSync(new URL('../../../../chapters/14-large-models/index.mdx', import.meta.url), 'utf8').replace(/[\s\u00a0\u202f]+/g, ' ');
const says = (...words: string[]): void => { for (const w of words) expect(text.includes(w), `the chapter should say «${w}»`).toBe(true); };
const lowest = (layers: number, n: number): number => Math.min(...row(r, layers, n)!.accuracy);

it('prints how far each depth got', () => {
  says(`при $W=${WINDOW}$`, 'Один слой выучивает расстояния 3 и 4 и не выучивает 5', 'Два слоя — 5, 7 и 8', 'но не 9', 'Три — 8, 10 и 11');
  for (const [layers, n] of [[1, 3], [1, 4], [3, 8], [3, 10], [3, 11]] as const) expect(lowest(layers, n)).toBeGreaterThan(0.99);
  const two = Math.min(...[5, 7, 8].map((n) => lowest(2, n)));
  says(`не ниже ${ru(two, 3)} на каждом зерне`);
});
it('the last step of three layers was taken by two seeds', () => {
  const at = row(r, 3, reach(3))!.accuracy;
  expect(at.filter((x) => x > 0.99)).toHaveLength(2);
  expect(at.filter((x) => x < 0.1)).toHaveLength(3);
  says('при $n=12$, справились два зерна из пяти', '13 не далось никому');
});
