// Makes the recording of «Лотерея» and the chapter's ranges over five seeds:  npx node src/widgets/gradient-lottery/record.ts   (in web/)
import { writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { ask, KEYS, type Figure, type Recorded } from './model.ts';

const engine = await openEngine({ module: 'core' });
const { commit } = engine.info();
const short = (x: number): number => Number(x.toPrecision(3));
const round = (f: Figure): Figure => JSON.parse(JSON.stringify(f, (_, v: unknown) => (typeof v === 'number' && !Number.isInteger(v) ? short(v) : v))) as Figure;
const figures: Figure[] = [];
for (const keys of KEYS)
  for (const seed of [1, 2, 3, 4, 5]) {
    const f = round(await ask(engine as unknown as RemoteEngine, { keys, seed }));
    const wide = f.widths.at(-1)!;
    console.log(keys, seed, 'd = 256, plain: median', wide.plain.median, 'rms', wide.plain.rms, 'tenth', wide.plain.tenth, '; scaled: median', wide.scaled.median, 'tenth', wide.scaled.tenth, '; passes', f.passes.join(' '));
    figures.push(f);
  }
await writeFile(new URL('../../../../chapters/18-training/data/lottery.json', import.meta.url), `${JSON.stringify({ experiment: 'lottery', commit, figures })}\n`);
const recording: Recorded = { commit, figures: figures.filter((f) => f.seed === 1) };
await writeFile(new URL('./recording.json', import.meta.url), `${JSON.stringify(recording)}\n`);
