import { describe, expect, it } from 'vitest';
import { mulberry } from '../lib/random';
import { bool, fromParams, int, list, MAX_QUERY, num, oneOf, readableQuery, str, toParams, type Schema } from './codecs';

describe('state in the URL', () => {
  const schema = {
    text: str('абракадабра', { max: 20 }),
    head: int(0, 0, 7),
    heat: num(1, 0.01, 100),
    masked: bool(true),
    view: oneOf(['map', 'arcs', 'a&b=c'] as const),
    names: list(str('', { max: 6 }), ['x'], 5),
    off: list(int(0, -3, 9), [], 8),
  } satisfies Schema;
  const POOL = Array.from('абвёя xyz,~-%&=#+?/.;:"\'\\<>😀');

  function draw(next: () => number): Record<keyof typeof schema, unknown> {
    const some = (n: number): number => Math.floor(next() * n);
    const word = (n: number): string => Array.from({ length: some(n) }, () => POOL[some(POOL.length)]).join('');
    return {
      text: schema.text.coerce(word(30)),
      head: some(8),
      heat: schema.heat.decode(schema.heat.encode(0.01 + 99 * next())) as number,
      masked: next() < 0.5,
      view: ['map', 'arcs', 'a&b=c'][some(3)],
      names: schema.names.coerce(Array.from({ length: some(4) }, () => word(7))),
      off: Array.from({ length: some(6) }, () => some(13) - 3),
    };
  }

  it('writes half an emoji without falling', () => {
    expect(readableQuery([['w-a.text', 'да\ud83d']])).toBe('w-a.text=да%EF%BF%BD');
  });
  it('comes back equal through the address, 2000 random states', () => {
    const next = mulberry(1);
    let complete = 0;
    for (let k = 0; k < 2000; k += 1) {
      const state = draw(next);
      const { params, complete: whole } = toParams('w1', schema, state);
      const url = new URL(`http://x/?a=1&${readableQuery(params)}&b=2`);
      const back = { ...Object.fromEntries(Object.entries(schema).map(([n, c]) => [n, c.initial])), ...fromParams('w1', schema, url.searchParams) };
      if (!whole) continue;
      complete += 1;
      expect(back).toEqual(state);
    }
    expect(complete).toBeGreaterThan(1500);
  });

  it('writes only what differs, and at most MAX_QUERY characters', () => {
    expect(toParams('w', schema, { ...Object.fromEntries(Object.entries(schema).map(([n, c]) => [n, c.initial])) }).params).toEqual([]);
    const long = { a: str('', { max: 500 }), b: int(0) };
    const { params, complete } = toParams('w', long, { a: 'я'.repeat(400), b: 5 });
    expect(complete).toBe(false);
    expect(params).toEqual([['w-w.b', '5']]);
    expect(readableQuery(toParams('w', long, { a: 'я'.repeat(280), b: 5 }).params).length).toBeLessThanOrEqual(MAX_QUERY);
  });

  it('keeps Russian letters readable in the link', () => {
    expect(readableQuery([['w-a.text', 'мама мыла']])).toBe('w-a.text=мама%20мыла');
  });

  it('ignores what is unknown or ill-typed', () => {
    const query = new URLSearchParams('w-w1.head=99&w-w1.heat=1e999&w-w1.masked=yes&w-w1.view=dots&w-w1.off=1,x&w-w1.nothing=1&w-other.head=3&w-w1.text=%D0%B0');
    expect(fromParams('w1', schema, query)).toEqual({ text: 'а' });
    for (const bad of ['', 'NaN', '1.5', '0x10', '--1', '9'.repeat(40)]) expect(schema.head.decode(bad)).toBeUndefined();
  });

  it('brings values set by code into range', () => {
    expect(schema.head.coerce(99)).toBe(7);
    expect(schema.head.coerce(NaN)).toBe(0);
    expect(schema.text.coerce('я'.repeat(50))).toHaveLength(20);
    expect(schema.view.coerce('nothing' as 'map')).toBe('map');
  });
});
