// The recording of «Один бюджет, разные головы» is the native record of the chapter, shortened:
//   npx node src/widgets/head-cut/record.ts   (in web/, after bench/experiments: chapter03 budget, chapter03 memories)
import { readFile, writeFile } from 'node:fs/promises';
import type { Recorded, Row } from './model.ts';

interface Native { commit: string; result: { heads: number; kvHeads: number; headWidth: number; runs: { seed: number; loss: number; accuracy: number; curve: number[] }[] }[] }
const data = async (name: string): Promise<Native> => JSON.parse(await readFile(new URL(`../../../../chapters/03-head-count/data/${name}.json`, import.meta.url), 'utf8')) as Native;
const short = (x: number): number => Math.round(x * 1000) / 1000;
const row = (r: Native['result'][number]): Row => ({ heads: r.heads, kvHeads: r.kvHeads, headWidth: r.headWidth, accuracy: r.runs.map((x) => short(x.accuracy)), loss: r.runs.map((x) => short(x.loss)) });

const [budget, memories] = [await data('budget'), await data('memories')];
const steps = budget.result[0]!.runs[0]!.curve.map((_, i) => 20 * i);
const recording: Recorded = {
  commit: budget.commit, seeds: budget.result[0]!.runs.map((r) => r.seed), steps,
  budget: budget.result.map((r) => ({ ...row(r), curves: r.runs.map((x) => x.curve.map(short)) })),
  memories: memories.result.map(row),
};
await writeFile(new URL('./recording.json', import.meta.url), `${JSON.stringify(recording)}\n`);
