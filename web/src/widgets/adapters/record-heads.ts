// adapters/heads.json: what chapter 11 says of single heads over five seeds, where the figures keep seed 1. For the words of the
// chapter, no page loads it. From the same lines as record.ts (in web/):  npx node src/widgets/adapters/record-heads.ts FILE.jsonl…
import { readFile, writeFile } from 'node:fs/promises';
import { H, L } from './model.ts';
import type { Row } from './rows.ts';

export interface SeedHeads {
  seed: number;
  /** The least and the largest ‖ΔW‖ / ‖W‖ of a head's part of a matrix that moved, by layer. */
  moved: [number, number][];
  /** [L·H]. */
  divergence: number[]; enough: number[]; needed: number[];
  /** Mean weight at t − 1, t − 2, the old place, one and two further, [L·H][5]. */
  before: number[][]; after: number[][];
}
export interface Heads { commit: string; runs: { goal: Row['goal']; matrices: Row['matrices']; rank: number; rate: number; seeds: SeedHeads[] }[] }

const WANTED = [['shift', 'k', 4], ['permute', 'o', 4], ['shift', 'qkvo', 0], ['permute', 'qkvo', 0]] as const;
const each = (xs: readonly number[], digits: number): number[] => xs.map((x) => Number(x.toFixed(digits)));

function movedOf(weights: readonly number[]): [number, number][] {
  return Array.from({ length: L }, (_, l) => {
    const some = each(weights.slice(l * H * 4, (l + 1) * H * 4).filter((x) => x > 0), 3);
    return [Math.min(...some), Math.max(...some)];
  });
}
const seedOf = (r: Row): SeedHeads => ({
  seed: r.seed, moved: movedOf(r.weights), divergence: each(r.divergence, 3), enough: each(r.enough, 3), needed: each(r.needed, 3),
  before: r.before.map((x) => each(x, 4)), after: r.after.map((x) => each(x, 4)),
});

const rows = (await Promise.all(process.argv.slice(2).map((f) => readFile(f, 'utf8')))).flatMap((t) => t.trim().split('\n').map((line) => JSON.parse(line) as Row));
const runs = WANTED.map(([goal, matrices, rank]) => {
  const of = rows.filter((r) => (r.section === 'grid' || r.section === 'all') && r.goal === goal && r.matrices === matrices && r.layers === 'both' && r.rank === rank);
  if (of.length !== 5) throw new Error(`${goal} ${matrices} ${rank}: ${of.length} seeds`);
  return { goal, matrices, rank, rate: of[0]!.rate, seeds: of.sort((a, b) => a.seed - b.seed).map(seedOf) };
});
const text = JSON.stringify({ commit: rows.find((r) => r.section === 'grid')!.commit, runs } satisfies Heads);
console.log(`${(text.length / 1024).toFixed(1)} KB`);
await writeFile(new URL('./heads.json', import.meta.url), `${text}\n`);
