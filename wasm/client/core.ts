// The WASM module as one typed function: call(method, request, payload). The only file that
// knows what the module's exports look like (wasm/bindings.cpp).
import { EngineError, asEngineError } from './errors.ts';
import type { TensorData, Variant } from './types.ts';

/** Exactly the methods of the embind class `Session`; tests/wasm compares the two lists. */
export const METHODS = [
  'loadModel', 'createModel', 'saveModel', 'disposeModel',
  'run', 'headScores', 'circuits', 'kComposition', 'attribution', 'fitPattern', 'generate',
  'taskBatch', 'createTrainer', 'resumeTrainer', 'trainSteps', 'measure', 'snapshot', 'disposeTrainer',
  'loadTokenizer', 'encode', 'decode', 'disposeTokenizer',
  'census',
] as const;
export type Method = (typeof METHODS)[number];

interface RawReply {
  json: string;
  tensors: Record<string, TensorData>;
  bytes?: Uint8Array;
}
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
  variants: Record<Variant, { js: string; wasm: string; bytes: number }>;
}

export interface Reply {
  /** Small values; numbers that JSON cannot spell arrive as NaN. */
  value: Record<string, unknown>;
  tensors: Record<string, TensorData>;
  bytes?: Uint8Array;
}

export class Core {
  readonly variant: Variant;
  readonly commit: string;
  #session: RawSession;
  #dead: EngineError | undefined;

  constructor(module: RawModule, variant: Variant, commit: string) {
    this.#session = new module.Session();
    this.variant = variant;
    this.commit = commit;
  }

  /** After a trap the memory of the module is in no known state: nothing more may run in it. */
  get dead(): boolean {
    return this.#dead !== undefined;
  }

  call(method: Method, request: object, payload?: Uint8Array | Float32Array): Reply {
    if (this.#dead) throw this.#dead;
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
export async function startCore(factory: Factory, wasm: WebAssembly.Module, variant: Variant, commit: string): Promise<Core> {
  const module = await new Promise<RawModule>((resolve, reject) => {
    factory({
      instantiateWasm(imports, receive) {
        WebAssembly.instantiate(wasm, imports).then(receive, reject);
        return {};
      },
    }).then(resolve, reject);
  });
  return new Core(module, variant, commit);
}
