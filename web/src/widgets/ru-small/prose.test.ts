// Chapter 5 takes its numbers from measured.json; what it says about them in words is held here, as are the recordings to one model.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { spearman } from '../../lib/statistics';

const json = (path: string): unknown => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
const chapter = '../../../../chapters/05-step-by-step/';
interface Measured {
  model: string;
  checks: { rows: number; parts: number; path: number; stream: number; sameTop: boolean };
  scale: { d: number; scaled: number; plain: number }[];
  cache: { right: { gap: number; early: number; late: number; same: boolean }; wrong: { gap: number }; bytes: number };
  arrows: { byWeight: number; byDirect: number; lowest: number; highest: number; heavy: { idle: number; rho: number; against: number; sink: number }; strong: { weight: number; sink: number }; layers: { weight: number; direct: number; effect: number }[] };
}
const m = json(`${chapter}data/measured.json`) as Measured;

it('all recordings and numbers are of one model', () => {
  for (const name of ['microscope', 'who-moved', 'cache-lab', 'scale-lab']) expect((json(`../${name}/recording.json`) as { model: string }).model, name).toBe(m.model);
});
it('the microscope can be trusted', () => {
  expect(m.checks.rows).toBeLessThan(1e-6);
  expect(Math.max(m.checks.parts, m.checks.path)).toBeLessThan(1e-4);
  expect(m.checks.stream).toBeLessThan(1e-5);
  expect(m.checks.sameTop).toBe(true);
});
it('with the scale, width does not show; without it, entropy falls', () => {
  for (const r of m.scale) expect(Math.abs(r.scaled - 2.36)).toBeLessThan(0.04);
  m.scale.slice(1).forEach((r, i) => expect(r.plain).toBeLessThan(m.scale[i]!.plain));
});
it('the cache is exact, the wrong corner is not', () => {
  expect(m.cache.right.gap).toBeLessThan(1e-4);
  expect(m.cache.right.late).toBeLessThan(5 * m.cache.right.early);
  expect(m.cache.wrong.gap).toBeGreaterThan(1);
  expect(m.cache.bytes).toBe(10240);
});
it('weight foretells effect, against the expectation, and with three reservations', () => {
  const { arrows: a } = m;
  expect(a.byWeight).toBeGreaterThan(0.6);
  expect(a.lowest).toBeGreaterThan(0.4);
  expect(a.heavy.idle).toBeLessThan(0.25);
  expect(a.heavy.rho).toBeLessThan(a.byWeight - 0.1);
  expect(a.heavy.against).toBeGreaterThan(0.15);
  const [first, last] = [a.layers[0]!, a.layers.at(-1)!];
  expect(last.weight).toBeGreaterThan(first.weight + 0.2);
  expect(last.direct).toBeGreaterThan(first.direct + 0.2);
});
// «In layer 0 four arrows of five weigh 0.05 to 0.09; arrows above of the same weight, 0.04 to 0.1, correlate by 0.20»: of the recorded sentence.
it('layer 0 has little to rank', () => {
  const f = (json('../who-moved/recording.json') as { figure: { layers: number; headCount: number; tokens: string[]; weight: number[]; effect: number[] } }).figure;
  const size = f.headCount * f.tokens.length;
  const tenths = (l: number): [number, number] => {
    const w = f.weight.slice(l * size, (l + 1) * size).sort((a, b) => a - b);
    return [w[Math.floor(0.1 * size)]!, w[Math.floor(0.9 * size)]!];
  };
  expect(tenths(0).map((x) => x.toFixed(2))).toEqual(['0.05', '0.09']);
  const alike = f.weight.map((w, i) => [w, Math.abs(f.effect[i]!)] as const).filter(([w], i) => i >= size && w >= 0.04 && w <= 0.1);
  expect(spearman(alike.map(([w]) => w), alike.map(([, e]) => e)).toFixed(2)).toBe('0.20');
  expect(m.arrows.layers[1]!.weight).toBeGreaterThan(0.7);
  expect(m.arrows.byDirect).toBeLessThan(m.arrows.byWeight);
});
it('most heavy arrows lead to the separator, few of the strongest do', () => {
  expect(m.arrows.heavy.sink).toBeGreaterThan(0.5);
  expect(m.arrows.strong.sink).toBeLessThan(0.2);
});
