import { describe, expect, it } from 'vitest';
import { breakable, pieces } from '../plugins/remark-formulas.mjs';

describe('formulas of several equalities', () => {
  it('may end a line between them', () => {
    expect(breakable('a=b,\\qquad c=d,\\quad e')).toBe('{a=b,}\\quad\\allowbreak {\\quad c=d,}\\enspace\\allowbreak {\\enspace e}');
  });
  it('are not cut inside groups, environments and fences', () => {
    for (const tex of ['x^{a\\quad b}', '\\begin{cases}0,\\quad s\\le t\\end{cases}', '\\left(a\\quad b\\right)', 'a=b', '\\{a,b\\}'])
      expect(breakable(tex)).toBe(tex);
    expect(pieces('\\{a\\quad b\\}').map((p: { text: string }) => p.text)).toEqual(['\\{a', 'b\\}']); // a bare brace is no group: KaTeX sets it as a sign
  });
  it('keep the lines their author has set', () => {
    const set = '\\begin{gathered}a\\qquad b\\\\c\\end{gathered}';
    expect(breakable(set)).toBe(set);
    expect(breakable('a\\quad b\\\\c')).toBe('a\\quad b\\\\c');
  });
  it('may break inside what no line holds', () => {
    const long = Array.from({ length: 40 }, (_, i) => `x_${i % 10}`).join('+');
    expect(breakable(`${long},\\qquad y`)).toBe(`${long},\\quad\\allowbreak {\\quad y}`);
  });
});
