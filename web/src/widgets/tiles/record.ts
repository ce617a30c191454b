// Makes the recording of «Плитка за плиткой»:  npx node src/widgets/tiles/record.ts   (in web/)
import { writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { ask, SIZES, type Recorded } from './model.ts';

const engine = await openEngine();
const remote = engine as unknown as RemoteEngine;
const { commit } = engine.info();
let worst = 0;
const means: Recorded['means'] = [], errors: Recorded['errors'] = [], traffic: Recorded['traffic'] = [];
for (const keys of SIZES) {
  let sum = 0, most = 0, rising = Infinity;
  for (const seed of [1, 2, 3, 4, 5]) {
    rising = Math.min(rising, (await ask(remote, { queries: 16, keys, order: 'rising', seed })).rescales);
    for (const queries of SIZES) {
      const f = await ask(remote, { queries, keys, order: 'random', seed });
      most = Math.max(most, f.error);
      if (queries === 16) sum += f.mean;
      if (keys === 16 && seed === 1) traffic.push({ queries, traffic: f.traffic, untiled: f.untiled });
    }
  }
  worst = Math.max(worst, most);
  errors.push({ keys, worst: Number(most.toPrecision(3)), rising });
  means.push({ keys, mean: Number((sum / 5).toFixed(3)) });
}
const figure = await ask(remote, { queries: 32, keys: 16, order: 'random', seed: 1 });
console.log(worst, means, errors, traffic, figure);
await writeFile(new URL('./recording.json', import.meta.url), `${JSON.stringify({ commit, figure, worst, means, errors, traffic } satisfies Recorded)}\n`);
