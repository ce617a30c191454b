// The bench in node: the shipped Russian model in the core the page runs, for recordings and measurements.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { openModel } from '../ru-small/open.ts';
import type { Inputs } from './model.ts';
import { PRESETS } from './presets.ts';
import { russian, type Subject } from './subject.ts';

export async function bench(): Promise<{ engine: RemoteEngine; subject: Subject; commit: string; model: string }> {
  const shipped = new URL('../../../../models/ru-small/', import.meta.url);
  const engine = (await openEngine()) as unknown as RemoteEngine; // the same methods; `await` does not mind
  const bytes = new Uint8Array(await readFile(new URL('model.safetensors', shipped)));
  const m = await openModel(engine, bytes, await readFile(new URL('tokenizer.json', shipped), 'utf8'));
  return { engine, subject: russian(m), commit: (await engine.info()).commit, model: createHash('sha256').update(bytes).digest('hex').slice(0, 12) };
}
/** A question of the bench with nothing touched; the model's own two tokens unless a pair is given. */
export function inputs(own: Partial<Inputs>): Inputs {
  const { model, tool, how, way, site, places, at, head, seed } = PRESETS['09'];
  return { model, text: '', twin: '', tool: tool === 'ablate' ? tool : 'ablate', how, way, site, places, heads: [], at, right: '', wrong: '', head, seed, ...own };
}
