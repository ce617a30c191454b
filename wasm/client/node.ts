// The same engine in node, in this thread and without a worker: for recordings and tests.
//   import { openEngine } from '…/wasm/client/node.ts';
//   const engine = await openEngine();            // node >= 22.18 runs TypeScript as it is
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { moduleFiles, startCore } from './core.ts';
import type { Core, Manifest } from './core.ts';
import { LocalEngine } from './engine.ts';
import type { ModuleName, Variant } from './types.ts';

export { EngineError } from './errors.ts';
export { LocalEngine } from './engine.ts';
export type * from './types.ts';

export interface OpenOptions {
  /** Default: lab, which has every call. */
  module?: ModuleName;
  variant?: Variant;
  /** Folder with manifest.json; default: $ATTN_CORE, else web/public/core of this checkout. */
  directory?: string | URL;
}

function folder(directory?: string | URL): URL {
  const given = directory ?? process.env.ATTN_CORE;
  const url = given === undefined ? new URL('../../web/public/core/', import.meta.url) : given instanceof URL ? given : pathToFileURL(given);
  return url.href.endsWith('/') ? url : new URL(`${url.href}/`);
}

export async function openCore({ module = 'lab', variant = 'simd', directory }: OpenOptions = {}): Promise<Core> {
  const base = folder(directory);
  const manifest = JSON.parse(
    await readFile(new URL('manifest.json', base), 'utf8').catch(() => {
      throw new Error(`no core in ${base.href}: run wasm/build.sh first`);
    }),
  ) as Manifest;
  const { js, wasm } = moduleFiles(manifest, module, variant);
  const compiled = await WebAssembly.compile(await readFile(new URL(wasm, base)));
  const { default: factory } = await import(new URL(js, base).href);
  return startCore(factory, compiled, { module, variant, commit: manifest.commit });
}

export async function openEngine(options: OpenOptions = {}): Promise<LocalEngine> {
  return new LocalEngine(await openCore(options));
}
