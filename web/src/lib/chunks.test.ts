import { describe, expect, it } from 'vitest';
import { chunkFor, placesOf } from '../plugins/vite-chapter-chunks.mjs';

describe('the files of scripts', () => {
  const known = new Map([['Top', '/top'], ['Low', '/low'], ['Both', '/both']]);
  const chapter = (name: string): { name: string; text: string } => ({ name, text: '<Top client:visible />\n\n## Суть вопроса\n\n<Low client:visible a="b" />\n<Both\n  client:visible />\n<Note />\n' });
  it('know where a figure stands', () => {
    const places = placesOf([chapter('07-x'), { name: 'atlas.astro', text: '<Both client:load />' }], known);
    expect([...places].map(([file, at]: [string, Set<string>]) => [file, ...at])).toEqual([['/top', '07 first'], ['/low', '07 rest'], ['/both', '07 rest', 'atlas first']]);
  });
  it('hold what one chapter needs after its first figure, and nothing of another page', () => {
    expect(chunkFor(new Set(['07 rest']))).toBe('chapter-07');
    expect(chunkFor(new Set(['07 first', '07 rest']))).toBe('chapter-07-first');
    expect(chunkFor(new Set(['07 rest', '08 rest']))).toBeNull();
    expect(chunkFor(new Set(['07 rest', 'atlas first']))).toBeNull();
    expect(chunkFor(new Set(['atlas first']))).toBeNull();
  });
});
