// Makes the recording of «Маска, нули, нож» with the core the page runs (in web/):  node_modules/.bin/node src/widgets/slice-bench/record.ts
// Times are of this machine; what the text prints are ratios within one session.
import { cpus } from 'node:os';
import { readFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { save, short } from '../truth-bench/five.ts';
import { ask, BATCHES, relative, type Figure, type Recorded, type Session } from './model.ts';

const SESSIONS = 5;
const sessions: Session[] = [];
const sizes: Recorded['sizes'] = {};
let figure: Figure | undefined;
let commit = '';
for (let s = 0; s < SESSIONS; s += 1) {
  const engine = await openEngine(); // a memory of its own each time
  commit = engine.info().commit;
  const model = engine.loadModel(new Uint8Array(await readFile(new URL('../../../../models/repeat-16h/model.safetensors', import.meta.url))));
  for (const gone of [2, 4, 6])
    for (const batch of BATCHES) {
      const f = await ask(engine as unknown as RemoteEngine, model, { gone, batch });
      sessions.push({ gone, batch, mask: relative(f, 'mask'), fold: relative(f, 'fold'), slice: relative(f, 'slice') });
      sizes[gone] = { parameters: f.lines.slice.parameters, bytes: f.lines.slice.bytes };
      sizes[0] = { parameters: f.lines.whole.parameters, bytes: f.lines.whole.bytes };
      if (gone === 4 && batch === 1) figure = f;
      console.log(s, gone, batch, JSON.stringify(f));
    }
}
// Counts stay whole; what was timed is shortened.
const timed = <T>(value: T): T => JSON.parse(JSON.stringify(value, (_k, v: unknown) => (typeof v === 'number' && !Number.isInteger(v) ? short(v) : v))) as T;
const recording: Recorded = timed({ commit, machine: cpus()[0]!.model, figure: figure!, sessions, sizes });
await save('slice-bench', recording);
