// Makes the recording of «Учим вспоминать»:  npx node src/widgets/recall-race/record.ts   (in web/; twenty minutes)
import { writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { MEMORIES, options, SEEDS, STEPS, train, WIDTHS, type Recorded } from './model.ts';

const engine = await openEngine();
const remote = engine as unknown as RemoteEngine;
const { commit } = engine.info();
const out: Recorded = { commit, steps: STEPS, ends: [], curves: [] };
for (const width of WIDTHS)
  for (const memory of MEMORIES) {
    const accuracy: number[] = [];
    let memoryNumbers = 0;
    for (const seed of SEEDS) {
      const way: number[] = [];
      const last = await train(remote, options(memory, width, seed), (p) => void way.push(Number(p.accuracy.toFixed(3))));
      accuracy.push(Number(last.accuracy.toFixed(4)));
      memoryNumbers = last.memory;
      if (seed === 1) out.curves.push({ memory, width, accuracy: way });
    }
    console.log(memory, width, accuracy, memoryNumbers);
    out.ends.push({ memory, width, accuracy, memoryNumbers });
    await writeFile(new URL('./recording.json', import.meta.url), `${JSON.stringify(out)}\n`);
  }
