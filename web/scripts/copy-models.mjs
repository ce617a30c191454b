// models/NAME/model.safetensors -> web/public/models/NAME.safetensors, where the widgets fetch it, and beside it what else
// the model comes with: NAME.tokenizer.json, NAME.snapshots.safetensors. Runs before build and dev.
import { copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const from = fileURLToPath(new URL('../../models/', import.meta.url));
const to = fileURLToPath(new URL('../public/models/', import.meta.url));

await rm(to, { recursive: true, force: true });
await mkdir(to, { recursive: true });
const files = { 'model.safetensors': 'safetensors', 'tokenizer.json': 'tokenizer.json', 'snapshots.safetensors': 'snapshots.safetensors' };
for (const name of existsSync(from) ? await readdir(from) : [])
  for (const [file, ending] of Object.entries(files))
    if (existsSync(`${from}${name}/${file}`)) await copyFile(`${from}${name}/${file}`, `${to}${name}.${ending}`);
