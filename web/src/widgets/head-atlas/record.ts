// Makes recording.json with the core the page runs and the report of the native tool (in web/):
//   attn heads MODEL --tokenizer T --conllu *.conllu.xz --ablate 60 --json native.json
//   npx node src/widgets/head-atlas/record.ts MODEL T native.json "ru-small, шаг 700"
import { readFile, writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { parseSentences } from '../../data/sentences.ts';
import { survey } from './model.ts';
import { packAtlas, packNative, type NativeReport, type Packed } from './recorded.ts';
import { withTokenizer } from './subjects.ts';

const [model, tokenizer, report, checkpoint] = process.argv.slice(2);
if (!model || !tokenizer || !report || !checkpoint) throw new Error('usage: record.ts MODEL TOKENIZER NATIVE.json|- NAME (-: nothing measured on treebanks yet)');
const engine = (await openEngine()) as unknown as RemoteEngine;
const bytes = async (file: string): Promise<Uint8Array> => new Uint8Array(await readFile(file));
const subject = await withTokenizer(engine, await bytes(model), await bytes(tokenizer));
const sentences = parseSentences(await readFile(new URL('../../data/sentences.txt', import.meta.url), 'utf8'));
const native = report === '-' ? null : (JSON.parse(await readFile(report, 'utf8')) as NativeReport);
const atlas = await survey(engine, subject, sentences);
const recording: Packed = {
  commit: (await engine.info()).commit, checkpoint,
  command: native ? 'attn heads model.safetensors --tokenizer tokenizer.json --conllu ud-ru-*.conllu.xz coref-ru-rucor-dev.conllu.xz --json' : '',
  sources: (native?.sources ?? []).map(({ file, sequences, too_long }) => ({ file, sequences, too_long })),
  atlas: packAtlas(atlas), ...(native && { native: packNative(native) }),
};
const text = `${JSON.stringify(recording)}\n`;
await writeFile(new URL('./recording.json', import.meta.url), text);
console.log(`recording.json: ${(text.length / 1024).toFixed(1)} KB, ${atlas.sentences} sentences, ${atlas.skipped} skipped, ${atlas.tokens} tokens`);
