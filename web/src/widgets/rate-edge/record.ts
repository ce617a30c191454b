// The recording of «Край» is the native record of the chapter, shortened:
//   npx node src/widgets/rate-edge/record.ts   (in web/, after bench/experiments: chapter18 edge)
import { readFile, writeFile } from 'node:fs/promises';
import { median } from '../../lib/statistics.ts';
import type { Cell, Recorded, Remedy } from './model.ts';

interface Run { remedy: Remedy; rate: number; seed: number; finite: boolean; steps: number[]; loss: number[]; accuracy: number[]; entropy: number[]; jacobian: number[]; score: number[]; slope: number[] }
const native = JSON.parse(await readFile(new URL('../../../../chapters/18-training/data/edge.json', import.meta.url), 'utf8')) as { commit: string; result: Run[] };
const short = (x: number, digits = 3): number => Number(x.toPrecision(digits));

const groups = new Map<string, Run[]>();
for (const run of native.result) {
  const key = `${run.remedy} ${short(run.rate)}`;
  groups.set(key, [...(groups.get(key) ?? []), run]);
}
const cells = [...groups.values()].map((runs): Cell => {
  const first = runs[0]!;
  const ends = (key: 'loss' | 'accuracy' | 'entropy' | 'jacobian' | 'score' | 'slope'): number[] => runs.map((r) => short(r[key].at(-1)!));
  const way = { loss: first.loss.map((x) => short(x, 2)), passes: first.jacobian.map((x) => short(x, 2)), score: first.score.map((x) => short(x, 2)) };
  return { remedy: first.remedy, rate: short(first.rate), loss: ends('loss'), accuracy: ends('accuracy'), entropy: median(ends('entropy')), passes: median(ends('jacobian')), score: median(ends('score')), slope: median(ends('slope')), way };
});
const first = native.result.filter((r) => r.remedy === cells[0]!.remedy && short(r.rate) === cells[0]!.rate);
const recording: Recorded = { commit: native.commit, seeds: first.map((r) => r.seed), steps: first[0]!.steps, cells };
const text = JSON.stringify(recording);
if (text.length > 20 * 1024) throw new Error(`recording.json would be ${text.length} bytes, over 20 KB`);
await writeFile(new URL('./recording.json', import.meta.url), `${text}\n`);
console.log(`${cells.length} cells, ${text.length} bytes; runs that ended without a number: ${native.result.filter((r) => !r.finite).length}`);
