// Makes the recording of «Вектор функции» from the shipped model and its four siblings:
//   npx node src/widgets/function-lab/record.ts FOLDER   (in web/); FOLDER holds 1.safetensors … 5.safetensors of bench/experiments/functions
import { readFile, writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { ask, subject, type Figure, type Recorded, type Summary } from './model.ts';

const folder = process.argv[2];
if (!folder) throw new Error('usage: record.ts FOLDER');
const engine = await openEngine();
const remote = engine as unknown as RemoteEngine;
const short = (x: number): number => Math.round(x * 1000) / 1000;
const list = (x: readonly number[]): number[] => x.map(short);
const rows = (x: readonly (readonly number[])[]): number[][] => x.map(list);

async function measure(path: string | URL): Promise<Figure> {
  const info = engine.loadModel(new Uint8Array(await readFile(path)));
  const f = await ask(remote, subject(info), 1);
  engine.disposeModel(info.id);
  const { functions, heads, order, said, spelled, prompt } = f;
  return { functions, heads, order, said, spelled, prompt, demos: list(f.demos), mixed: short(f.mixed), aie: list(f.aie), top: list(f.top), bottom: list(f.bottom), letter: list(f.letter), sum: list(f.sum), added: rows(f.added), wins: list(f.wins), keeps: list(f.keeps), rows: rows(f.rows), shares: rows(f.shares) };
}
const brief = ({ demos, mixed, aie, order, top, bottom, letter, sum, added, wins, keeps, shares }: Figure): Summary => ({ demos, mixed, aie, order, top, bottom, letter, sum, added, wins, keeps, shares });

const seeds: Figure[] = [];
for (const seed of [1, 2, 3, 4, 5]) {
  const f = await measure(`${folder}/${seed}.safetensors`);
  seeds.push(f);
  console.log(`seed ${seed}\n demos ${f.demos.join(' ')}  mixed ${f.mixed}\n aie   ${f.aie.join(' ')} | ${f.order.join(' ')}\n top   ${f.top.join(' ')}\n low   ${f.bottom.join(' ')}\n each  ${f.letter.join(' ')}\n sum   ${f.sum.join(' ')}\n add   ${f.added.map((a) => a.join(' ')).join('\n       ')}\n wins  ${f.wins.join(' ')}\n keeps ${f.keeps.join(' ')}\n shares ${f.shares.map((x) => x.join('/')).join('  ')}`);
}
const recording: Recorded = { commit: engine.info().commit, seed: 1, figure: seeds[0]!, seeds: seeds.map(brief) };
const text = JSON.stringify(recording);
console.log(`${(text.length / 1024).toFixed(1)} KB`);
await writeFile(new URL('./recording.json', import.meta.url), `${text}\n`);
