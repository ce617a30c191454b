// The numbers that «Дерево голов» prints are those of the recording.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { percent, ru } from '../../kit/fmt';
import { cut, CUT, sizes, stillOf, type Recorded, type SetRow } from './model';
import json from './recording.json';

const text = readFileSync(new URL('../../../../chapters/10-collapse/index.mdx', import.meta.url), 'utf8').replace(/[\s\u00a0\u202f]+/g, ' ');
const says = (...words: string[]): void => { for (const w of words) expect(text.includes(w.replace(/[\u00a0\u202f]/g, ' ')), `the chapter should say «${w}»`).toBe(true); };
const r = json as unknown as Recorded;
const n = r.layers * r.heads;
const span = (pick: (s: SetRow) => number, digits: number): string => { const x = r.sets.map(pick); return `${ru(Math.min(...x), digits)}–${ru(Math.max(...x), digits)}`; };
const distance = stillOf(r);

describe('what the tree foretells', () => {
  it('prints the prices as measured, and refutes the expectation', () => {
    says(`Карта ближайшей головы стоит ${span((s) => s.nearest, 3)} ната`, `средней чужой — ${span((s) => s.others, 3)}`, `дешевле в ${span((s) => s.others / s.nearest, 2)} раза, ни разу`, `в медиане ${span((s) => s.zero, 3)} ната`, `дешевле чужой в ${span((s) => s.across / s.within, 1)} раза`);
    says(`у ${Math.min(...r.sets.map((s) => s.wins))}–${Math.max(...r.sets.map((s) => s.wins))} голов из сорока`, `медиана корреляции ${span((s) => s.rhoPerHead, 2)}`);
    const within = sizes(cut(r.merges, CUT)).map((k) => (k * (k - 1)) / 2);
    says(`${percent(Math.max(...within) / within.reduce((a, b) => a + b, 0))} этих пар`);
    for (const s of r.sets) { expect(s.others / s.nearest).toBeLessThan(2); expect(s.rhoPerHead).toBeLessThan(0.5); }
  });
  it('finds one group whose maps are one map', () => {
    const group = [1, 2, 3, 4, 6, 7]; // of layer 0
    const pairs = group.flatMap((a) => group.filter((b) => b !== a).map((b) => [a, b] as const));
    const far = Math.max(...pairs.map(([a, b]) => distance[a * n + b]!));
    says(`не больше чем на ${ru(Math.ceil(100 * far) / 100)} бита`);
    expect(far).toBeLessThan(0.1);
  });
});
