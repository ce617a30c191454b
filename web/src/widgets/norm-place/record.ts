// Makes the recording of «Куда доходит градиент»: layers' gradients here, the trained grid from the native record of the chapter.
//   npx node src/widgets/norm-place/record.ts   (in web/, after bench/experiments: chapter18 place, chapter18 place-deep)
import { readFile, writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { median } from '../../lib/statistics.ts';
import { ask, DEPTHS, last, PARTS, PLACES, type Figure, type Recorded, type Run } from './model.ts';

interface Native { commit: string; result: { layers: number; post: boolean; warmup: number; rate: number; seed: number; steps: number[]; loss: number[]; accuracy: number[] }[] }
const data = new URL('../../../../chapters/18-training/data/', import.meta.url);
const short = (x: number, digits = 3): number => Number(x.toPrecision(digits));

const engine = await openEngine({ module: 'core' });
const { commit } = engine.info();
const figures: Figure[] = [];
for (const layers of DEPTHS)
  for (const seed of [1, 2, 3, 4, 5]) {
    const f = await ask(engine as unknown as RemoteEngine, { layers, seed });
    for (const place of PLACES) for (const part of PARTS) f[place][part] = f[place][part].map((x) => short(x));
    console.log(layers, seed, PLACES.map((p) => PARTS.map((k) => `${p} ${k} ${f[p][k][0]} … ${last(f[p][k])}`).join(', ')).join('; '));
    figures.push(f);
  }
await writeFile(new URL('thermometer.json', data), `${JSON.stringify({ experiment: 'thermometer', commit, figures })}\n`);

const read = async (name: string): Promise<Native> => JSON.parse(await readFile(new URL(`${name}.json`, data), 'utf8')) as Native;
const [shallow, deep] = [await read('place'), await read('place-deep')];
const native = { commit: shallow.commit, result: [...shallow.result, ...deep.result] };
const cells = new Map<string, Run & { all: number[][] }>();
for (const r of native.result) {
  const rate = short(r.rate);
  const key = `${r.layers} ${r.post} ${r.warmup} ${rate}`;
  const cell = cells.get(key) ?? { layers: r.layers, place: r.post ? 'post' as const : 'pre' as const, warm: r.warmup > 0, rate, loss: [], accuracy: [], way: [], all: [] };
  cells.set(key, cell);
  cell.loss.push(short(last(r.loss)));
  cell.accuracy.push(short(last(r.accuracy)));
  cell.all.push(r.loss);
}
const runs = [...cells.values()].map(({ all, ...cell }): Run => ({ ...cell, way: all[0]!.map((_, i) => short(median(all.map((x) => x[i]!)))) }));
const recording: Recorded = { commit, trainedBy: native.commit, figures: figures.filter((f) => f.seed === 1), steps: native.result[0]!.steps, runs };
await writeFile(new URL('./recording.json', import.meta.url), `${JSON.stringify(recording)}\n`);
