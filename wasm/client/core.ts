// The WASM module as one typed function: call(method, request, payload). The only file that
// knows what the module's exports look like (wasm/bindings.hpp, bindings_core.cpp, bindings_lab.cpp).
import { EngineError, asEngineError } from './errors.ts';
import type { ModuleName, TensorData, Variant } from './types.ts';

/** Exactly the methods of the embind class `Session` in attn-core; tests/wasm compares the lists with the modules. */
export const METHODS = [
  'loadModel', 'createModel', 'saveModel', 'disposeModel',
  'run', 'headScores', 'circuits', 'kComposition', 'attribution', 'fitPattern', 'generate',
  'taskBatch', 'createTrainer', 'resumeTrainer', 'trainSteps', 'measure', 'snapshot', 'disposeTrainer',
  'census',
] as const;
/** What attn-lab has beyond them. */
export const LAB_METHODS = [
  'planModel', 'feedModel',
  'loadTokenizer', 'encode', 'decode', 'disposeTokenizer',
  'loadSnapshot',
  'headImportance', 'removalCurve', 'pruneHeads', 'maskWeights', 'gateSteps',
  'patch', 'trace', 'importance', 'intervene', 'lens',
  'patchPaths', 'probe',
  'collapseTower', 'headSimilarity',
  'tiledAttention', 'memoryCapacity', 'featureError', 'recallSteps', 'blind',
  'rotaryScores', 'positionBias',
  'paritySteps', 'onlineErrors',
  'schemaSteps', 'gainField',
  'adaptSteps', 'headChange', 'firstStep', 'fourBits',
  'rowFreedom', 'poolingSteps', 'poolingAccounts',
] as const;
export type Method = (typeof METHODS)[number] | (typeof LAB_METHODS)[number];

interface RawReply {
  json: string;
  tensors: Record<string, TensorData>;
  bytes?: Uint8Array;
}
/** A method of attn-lab is absent in attn-core. */
type RawSession = Record<Method, (json: string, payload?: Uint8Array | Float32Array) => RawReply | Error> & { delete(): void };
export interface RawModule {
  Session: new () => RawSession;
}
type Factory = (options: {
  instantiateWasm: (imports: WebAssembly.Imports, receive: (instance: WebAssembly.Instance) => void) => object;
}) => Promise<RawModule>;

/** wasm/build.sh writes it beside the files it names. */
export interface Manifest {
  commit: string;
  modules: Record<ModuleName, Record<Variant, { js: string; wasm: string; bytes: number }>>;
}
/** The files of one module; an old build beside a new client is said, not guessed at. */
export function moduleFiles(manifest: Manifest, module: ModuleName, variant: Variant): { js: string; wasm: string } {
  const found = manifest.modules?.[module]?.[variant];
  if (!found) throw new EngineError('not loaded', `the manifest names no attn-${module}.${variant}: build the core anew (wasm/build.sh)`);
  return found;
}

/** Which module, in which variant, from which commit: what EngineInfo says. */
export interface Origin {
  module: ModuleName;
  variant: Variant;
  commit: string;
}

export interface Reply {
  /** Small values; numbers that JSON cannot spell arrive as NaN. */
  value: Record<string, unknown>;
  tensors: Record<string, TensorData>;
  bytes?: Uint8Array;
}

/** A tensor that the core always sends with this reply. */
export function tensor(reply: Reply, name: string): TensorData {
  const found = reply.tensors[name];
  if (!found) throw new EngineError('internal', `the core sent no ${name}`);
  return found;
}

export class Core {
  readonly origin: Origin;
  #session: RawSession;
  #dead: EngineError | undefined;

  constructor(module: RawModule, origin: Origin) {
    this.#session = new module.Session();
    this.origin = origin;
  }

  /** After a trap the memory of the module is in no known state: nothing more may run in it. */
  get dead(): boolean {
    return this.#dead !== undefined;
  }

  call(method: Method, request: object, payload?: Uint8Array | Float32Array): Reply {
    if (this.#dead) throw this.#dead;
    if (!(method in this.#session)) throw new EngineError('other module', `attn-${this.origin.module} has no ${method}: the page must ask for engine: lab`);
    const json = JSON.stringify(request);
    let reply: RawReply | Error;
    try {
      reply = this.#session[method](json, payload);
    } catch (trap) {
      this.#dead = new EngineError('crashed', trap instanceof Error ? trap.message : String(trap));
      throw this.#dead;
    }
    if (reply instanceof Error) throw asEngineError(reply);
    const value = JSON.parse(reply.json, (_key, item: unknown) => (item === null ? Number.NaN : item));
    return { value, tensors: reply.tensors, ...(reply.bytes && { bytes: reply.bytes }) };
  }
}

/** Start the module from its glue and a compiled WebAssembly.Module (browser and node alike). */
export async function startCore(factory: Factory, wasm: WebAssembly.Module, origin: Origin): Promise<Core> {
  const module = await new Promise<RawModule>((resolve, reject) => {
    factory({
      instantiateWasm(imports, receive) {
        WebAssembly.instantiate(wasm, imports).then(receive, reject);
        return {};
      },
    }).then(resolve, reject);
  });
  return new Core(module, origin);
}
