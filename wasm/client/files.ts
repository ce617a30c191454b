// A reader's own model: which of the files they gave make it up, what their headers say, and the pieces the core asks
// for one after another. Runs in the page and under node; nothing is read before it is needed, and nothing as a whole.
import { EngineError } from './errors.ts';
import type { FedModel, ModelInfo, ModelPlan, NamedFile } from './types.ts';

/** The calls of one engine, in this thread or through a worker. */
export interface FileCalls {
  planModel(config: string, files: { name: string; size: number; header: number }[], headers: Uint8Array, id?: number): ModelPlan | Promise<ModelPlan>;
  feedModel(id: number, bytes?: Uint8Array): FedModel | Promise<FedModel>;
  disposeModel(id: number): void | Promise<void>;
}

export interface ModelFolder {
  config: string;
  weights: NamedFile[];
}

const PREFIX = 8; // little-endian length of the header
const MAX_HEADER = 100_000_000;
const MAX_JSON = 1 << 20;
const base = (name: string): string => name.split(/[/\\]/).at(-1) as string;
const refuse = (detail: string): never => { throw new EngineError('malformed', detail); };

async function json(file: NamedFile): Promise<string> {
  if (file.blob.size > 64 * MAX_JSON) refuse(`${base(file.name)} is too large to be JSON of a model`);
  return file.blob.text().catch(() => refuse(`${base(file.name)} cannot be read`));
}

/** The files that the index names; it may name none beyond itself. */
async function shards(index: NamedFile, find: (name: string) => NamedFile | undefined): Promise<NamedFile[]> {
  let map: unknown;
  try {
    map = (JSON.parse(await json(index)) as { weight_map?: unknown }).weight_map;
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
  }
  const names = map !== null && typeof map === 'object' ? [...new Set(Object.values(map))].sort() : [];
  if (names.length === 0 || names.some((n) => typeof n !== 'string')) refuse('model.safetensors.index.json names no files');
  return (names as string[]).map((name) => find(name) ?? refuse(`${name} of the index is missing`));
}

/** Picks the model out of whatever was chosen; what belongs to no model is passed over. */
export async function readFolder(files: readonly NamedFile[]): Promise<ModelFolder> {
  const find = (name: string): NamedFile | undefined => files.find((f) => base(f.name) === name);
  const config = find('config.json') ?? refuse('there is no config.json');
  if (config.blob.size > MAX_JSON) refuse('config.json is too large');
  const index = find('model.safetensors.index.json');
  const single = find('model.safetensors');
  const tensors = files.filter((f) => f.name.endsWith('.safetensors'));
  let weights: NamedFile[];
  if (single) weights = [single];
  else if (index) weights = await shards(index, find);
  else if (tensors.length === 1) weights = tensors; // saved under a name of its own
  else weights = refuse(tensors.length > 1 ? 'several *.safetensors and no model.safetensors.index.json' : files.some((f) => /\.(bin|pth?|gguf|onnx)$/.test(f.name)) ? 'only *.safetensors can be read' : 'there is no model.safetensors');
  return { config: await json(config), weights };
}

/** The length prefix and as much of the header as it announces; a nonsensical prefix alone, for the core to refuse. */
async function header({ name, blob }: NamedFile): Promise<Uint8Array> {
  const bytes = async (end: number): Promise<Uint8Array> =>
    new Uint8Array(await blob.slice(0, end).arrayBuffer().catch(() => refuse(`${base(name)} cannot be read`)));
  const prefix = await bytes(PREFIX);
  if (prefix.length < PREFIX) return prefix;
  const length = Number(new DataView(prefix.buffer).getBigUint64(0, true));
  return length <= MAX_HEADER && PREFIX + length <= blob.size ? bytes(PREFIX + length) : prefix;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export async function plan(calls: FileCalls, { config, weights }: ModelFolder, id?: number): Promise<ModelPlan> {
  const headers: Uint8Array[] = [];
  for (const file of weights) headers.push(await header(file));
  const table = weights.map(({ name, blob }, i) => ({ name: base(name), size: blob.size, header: headers[i]!.length }));
  return calls.planModel(config, table, join(headers), id);
}

/** Everything the core wants, in its order. A failure or an abort leaves nothing behind in the core. */
export async function feed(calls: FileCalls, { weights }: ModelFolder, plan: ModelPlan, onProgress: (read: number) => void = () => {}, signal?: AbortSignal): Promise<ModelInfo> {
  let read = 0;
  let fed = await calls.feedModel(plan.id);
  while (fed.next) {
    const { file, offset, size } = fed.next;
    const { name, blob } = weights[file] as NamedFile;
    try {
      signal?.throwIfAborted();
      const piece = new Uint8Array(await blob.slice(offset, offset + size).arrayBuffer().catch(() => refuse(`${base(name)} cannot be read`)));
      if (piece.length !== size) refuse(`${base(name)} became shorter while it was read`);
      fed = await calls.feedModel(plan.id, piece);
    } catch (cause) {
      await (async () => calls.disposeModel(plan.id))().catch(() => {}); // the core forgets a plan that failed by itself
      throw cause;
    }
    read += size;
    onProgress(read);
  }
  return fed.model as ModelInfo;
}
