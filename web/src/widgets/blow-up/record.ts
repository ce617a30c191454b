// The recording of «Разгон» is the native record of the chapter, shortened:
//   npx node src/widgets/blow-up/record.ts   (in web/, after bench/experiments: chapter10 blowup)
import { readFile, writeFile } from 'node:fs/promises';
import type { Recorded, Run } from './model.ts';

interface Native { commit: string; result: Run[] }
const native = JSON.parse(await readFile(new URL('../../../../chapters/10-collapse/data/blowup.json', import.meta.url), 'utf8')) as Native;
const short = (xs: number[], digits: number): number[] => xs.map((x) => Number(x.toPrecision(digits)));
const runs = native.result.map((r) => ({ ...r, rate: Number(r.rate.toPrecision(3)), loss: short(r.loss, 3), entropy: short(r.entropy, 3), score: short(r.score, 3) }));
await writeFile(new URL('./recording.json', import.meta.url), `${JSON.stringify({ commit: native.commit, runs } satisfies Recorded)}\n`);
