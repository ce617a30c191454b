// adapters/recording.json is for the words of the chapter, no page loads it.
// The recordings of «Где или что» and «Что стало с головами» from the lines of bench/experiments/chapter11 (in web/):
//   npx node src/widgets/adapters/record.ts FILE.jsonl…
import { readFile, writeFile } from 'node:fs/promises';
import { collect, type Row } from './rows.ts';

const rows = (await Promise.all(process.argv.slice(2).map((f) => readFile(f, 'utf8')))).flatMap((t) => t.trim().split('\n').map((line) => JSON.parse(line) as Row));
for (const [name, recording] of Object.entries(collect(rows))) {
  const text = JSON.stringify(recording);
  console.log(name, `${(text.length / 1024).toFixed(1)} KB`);
  if (name !== 'adapters' && text.length > 20 * 1024) throw new Error(`${name}/recording.json is over 20 KB`);
  await writeFile(new URL(`../${name}/recording.json`, import.meta.url), `${text}\n`);
}
