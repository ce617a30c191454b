// Makes the recording of «Стенд истины» with the core the page runs (in web/):  node_modules/.bin/node src/widgets/truth-bench/record.ts
import { readFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine, TaskConfig } from '../../../../wasm/client/types.ts';
import { save, SEEDS, shorten, trained } from './five.ts';
import { answerTo, ask, profiles, summarise, TEXT, type Recorded, type Row } from './model.ts';

const PROMPTS = 40;
const LENGTH = 24;
const TASK: TaskConfig = { kind: 'repeat', vocab: 32, length: LENGTH, segment_min: 8, segment_max: 14, tiled: true, distinct: true };

const engine = await openEngine();
const remote = engine as unknown as RemoteEngine; // the same methods; `await` does not mind
const rows: Row[] = [];
for (const seed of SEEDS) {
  const m = await trained(engine, seed);
  const { tokens, targets } = engine.taskBatch(TASK, PROMPTS, 900 + seed);
  const found = [];
  let right = 0;
  for (const [i, prompt] of tokens.entries()) {
    const answer = await answerTo(remote, m.id, prompt, m.vocab);
    if (answer.right === targets[i]!.at(-1)) right += 1;
    found.push(await profiles(remote, m.id, { tokens: prompt, seed: 1000 * seed + i }, answer.right));
  }
  rows.push({ seed, accuracy: right / PROMPTS, ...summarise(found) });
  console.log(seed, right / PROMPTS, JSON.stringify(shorten(rows.at(-1), 2)));
}
const shipped = engine.loadModel(new Uint8Array(await readFile(new URL('../../../../models/repeat-2l/model.safetensors', import.meta.url))));
const figure = await ask(remote, shipped.id, shipped.config.vocab, { text: TEXT, seed: 1 });
const recording: Recorded = shorten({ commit: engine.info().commit, prompts: PROMPTS, length: LENGTH, rows, figure });
await save('truth-bench', recording);
