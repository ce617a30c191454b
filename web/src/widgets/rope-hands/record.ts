// Makes the recording of «Стрелки RoPE» with the core the page runs:  npx node src/widgets/rope-hands/record.ts   (in web/)
import { writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { figure, START, type Recorded } from './model.ts';

const engine = await openEngine();
const f = await figure(engine as unknown as RemoteEngine, START);
const recording: Recorded = { commit: engine.info().commit, inputs: START, parts: Array.from(f.parts, (x) => Math.round(1000 * x) / 1000), frequency: Array.from(f.frequency, (x) => Number(x.toPrecision(6))) };
await writeFile(new URL('./recording.json', import.meta.url), `${JSON.stringify(recording)}\n`);
