// Makes the recording of «Журнал и конспект»:  npx node src/widgets/memory-shelf/record.ts   (in web/)
import { writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { ask, CASES, type Case, type Recorded } from './model.ts';

const engine = await openEngine();
const remote = engine as unknown as RemoteEngine;
const { commit } = engine.info();
const figures: Recorded['figures'] = [];
for (const [name, setting] of Object.entries(CASES))
  for (const seed of [1, 2, 3, 4, 5]) {
    const f = await ask(remote, { ...setting, seed });
    console.log(name, seed, f.share.map((row) => row.map((x) => x.toFixed(2)).join(' ')).join(' | '));
    figures.push({ name: name as Case, ...f });
  }
await writeFile(new URL('./recording.json', import.meta.url), `${JSON.stringify({ commit, figures } satisfies Recorded)}\n`);
