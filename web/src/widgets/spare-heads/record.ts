// The recording of «Запасные головы» is the native record of the chapter, shortened:
//   npx node src/widgets/spare-heads/record.ts   (in web/, after bench/experiments: chapter10 redundancy)
import { readFile, writeFile } from 'node:fs/promises';
import type { Recorded } from './model.ts';

interface Native { commit: string; result: Recorded['runs'] }
const native = JSON.parse(await readFile(new URL('../../../../chapters/10-collapse/data/redundancy.json', import.meta.url), 'utf8')) as Native;
const short = (xs: number[]): number[] => xs.map((x) => Number(x.toFixed(3)));
const runs = native.result.map(({ seed, loss, accuracy, js, cka, single, pair, layers, greedy, heads }) => ({
  seed, loss, accuracy, js: short(js), cka: short(cka), single: short(single), pair: short(pair), layers: short(layers),
  greedy: { order: greedy.order, loss: short(greedy.loss), accuracy: short(greedy.accuracy) },
  heads: heads.map((h) => ({ previous: Number(h.previous.toFixed(2)), induction: Number(h.induction.toFixed(2)) })),
}));
await writeFile(new URL('./recording.json', import.meta.url), `${JSON.stringify({ commit: native.commit, runs } satisfies Recorded)}\n`);
