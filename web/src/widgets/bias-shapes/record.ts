// Makes the recording of «Добавка к оценке» with the core the page runs:  npx node src/widgets/bias-shapes/record.ts   (in web/)
import { writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { ask, START, type Recorded } from './model.ts';

const engine = await openEngine();
const { slopes, bucket } = await ask(engine as unknown as RemoteEngine, START);
const recording: Recorded = { commit: engine.info().commit, slopes: Array.from(slopes), bucket: Array.from(bucket) };
await writeFile(new URL('./recording.json', import.meta.url), `${JSON.stringify(recording)}\n`);
