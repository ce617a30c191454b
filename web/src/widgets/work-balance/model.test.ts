import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { percent } from '../../kit/fmt';
import { attentionShare, attentionWeights, balance, BLOCKS, ffnWeights, work } from './model';

const of = (id: string): (typeof BLOCKS)[number] => BLOCKS.find((b) => b.id === id)!;

it('balances at 2 D in the classical case, and at the context of the course model', () => {
  for (const id of ['gpt2', 'gpt2-xl', 'bert']) expect(balance(of(id))).toBe(2 * of(id).width);
  expect(balance(of('ru-small'))).toBe(of('ru-small').context);
  for (const b of BLOCKS) {
    const { projections, context, ffn } = work(b, balance(b));
    expect(projections + context).toBeCloseTo(ffn, 3);
  }
});

it('sharing keys moves the balance away and leaves scores and mixing as they were', () => {
  const [shared, full] = [of('llama3-8b'), { ...of('llama3-8b'), kvHeads: 32 }];
  expect(balance(shared)).toBeGreaterThan(balance(full));
  expect(work(shared, 8192).context).toBe(work(full, 8192).context);
});

it('the table of the chapter is this arithmetic', () => {
  const text = readFileSync(new URL('../../../../chapters/15-feed-forward/index.mdx', import.meta.url), 'utf8').replace(/[\s\u00a0\u202f]+/g, ' ');
  const groups = (n: number): string => (n >= 10_000 ? String(n).replace(/(\d)(\d{3})$/, '$1 $2') : String(n));
  const row = (name: string): string => text.split(`| ${name}`)[1]!.split(' | ').slice(0, 6).join(' | ');
  for (const b of BLOCKS) {
    const said = row(b.name);
    expect(said, b.name).toContain(percent(ffnWeights(b) / (ffnWeights(b) + attentionWeights(b)), 1).replace(/\u00a0/g, ' '));
    expect(said, b.name).toContain(` ${groups(balance(b))} |`);
    expect(said, b.name).toContain(`${percent(attentionShare(b, b.context), 1)} при ${groups(b.context)}`.replace(/\u00a0/g, ' '));
  }
});
