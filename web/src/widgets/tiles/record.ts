// Makes the recording of «Плитка за плиткой»:  npx node src/widgets/tiles/record.ts   (in web/)
import { writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { ask, SIZES, type Recorded } from './model.ts';

const engine = await openEngine();
const remote = engine as unknown as RemoteEngine;
const { commit } = engine.info();
let worst = 0;
const means: Recorded['means'] = [], traffic: Recorded['traffic'] = [];
for (const keys of SIZES) {
  let sum = 0;
  for (const seed of [1, 2, 3, 4, 5])
    for (const queries of SIZES) {
      const f = await ask(remote, { queries, keys, order: 'random', seed });
      worst = Math.max(worst, f.error);
      if (queries === 16) sum += f.mean;
      if (keys === 16 && seed === 1) traffic.push({ queries, traffic: f.traffic, untiled: f.untiled });
    }
  means.push({ keys, mean: Number((sum / 5).toFixed(3)) });
}
const figure = await ask(remote, { queries: 32, keys: 16, order: 'random', seed: 1 });
console.log(worst, means, traffic, figure);
await writeFile(new URL('./recording.json', import.meta.url), `${JSON.stringify({ commit, figure, worst, means, traffic } satisfies Recorded)}\n`);
