// models/NAME/model.safetensors -> web/public/models/NAME.safetensors, where the widgets fetch it. Runs before build and dev.
import { copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const from = fileURLToPath(new URL('../../models/', import.meta.url));
const to = fileURLToPath(new URL('../public/models/', import.meta.url));

await rm(to, { recursive: true, force: true });
await mkdir(to, { recursive: true });
for (const name of existsSync(from) ? await readdir(from) : [])
  if (existsSync(`${from}${name}/model.safetensors`)) await copyFile(`${from}${name}/model.safetensors`, `${to}${name}.safetensors`);
