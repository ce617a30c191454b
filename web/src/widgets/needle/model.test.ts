import { describe, expect, it } from 'vitest';
import { hits, NEEDLES, stranger, type Recorded } from './model';
import json from './recording.json';

const r = json as unknown as Recorded;
describe('a hit', () => {
  const c = { tokens: [0, 5, 7, 9, 7, 5], from: 2, to: 4 };
  it('needs the look inside the needle and the very token that is written', () => {
    expect(hits(c, [0.1, 0.1, 0.6, 0.1, 0.1, 0], 7)).toBe(true);
    expect(hits(c, [0.1, 0.1, 0.6, 0.1, 0.1, 0], 9)).toBe(false); // it looks at 7, another is written
    expect(hits(c, [0.1, 0.1, 0.1, 0.1, 0.6, 0], 7)).toBe(false); // the same token, outside the needle
    expect(hits(c, [0, 0, 0, 1, 0, 0], 9)).toBe(true);
  });
});
it('every needle has a stranger that says another thing', () => {
  NEEDLES.forEach((n, i) => expect(stranger(i).answer).not.toBe(n.answer));
});
describe('the recording', () => {
  it('has five passages at four distances, the needle told apart from what follows it', () => {
    expect(r.rows).toHaveLength(20);
    expect(r.scores).toHaveLength(40);
    expect(r.figure.tokens.slice(r.figure.from, r.figure.to).join('')).toBe(r.figure.tokens.slice(r.figure.asked + 1).join(''));
  });
  it('draws its random heads from outside the first five', () => {
    for (const d of r.drawn) for (const h of [d.one, ...d.five]) expect(r.ranked.slice(0, 5)).not.toContain(h);
  });
});
