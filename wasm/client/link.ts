// One worker from birth to death, whatever the cause of death: trap, hang, kill or dismissal.
import * as Comlink from 'comlink';
import { EngineError } from './errors.ts';
import type { FromWorker, Outcome, ToWorker, WorkerApi } from './protocol.ts';
import type { EngineInfo, ModuleName, TrainPoint, TrainRequest, Variant } from './types.ts';

export const READY_MS = 5000;
const TICK_MS = 500;
/** Ticks without a sign of life: training answers between slices; one long call may be silent. */
const SILENT_TICKS = 8;
const SILENT_TICKS_IN_CALL = 40;

export interface LinkOptions {
  makeWorker: () => Worker;
  core: string;
  module: ModuleName;
  variant: Variant | undefined;
  onSnapshot: (trainer: number, bytes: Uint8Array) => void;
  /** Not after dismiss(): only when the worker came to grief. `info` is set if it had been ready. */
  onDeath: (cause: EngineError, wasReady: boolean) => void;
}

export class WorkerLink {
  /** Rejects when the core cannot be loaded; stays pending while it is merely slow. */
  readonly ready: Promise<EngineInfo>;
  /** Ticks of silence during a call before the worker counts as hung. */
  patience = SILENT_TICKS_IN_CALL;
  #worker: Worker | undefined;
  #remote: Comlink.Remote<WorkerApi>;
  #options: LinkOptions;
  #resolveReady!: (info: EngineInfo) => void;
  #rejectReady!: (cause: EngineError) => void;
  #isReady = false;
  #dead: EngineError | undefined;
  #pending = new Map<number, (cause: EngineError) => void>();
  #inCall = new Set<number>();
  #nextCall = 1;
  #silent = 0;
  #ticker: ReturnType<typeof setInterval> | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve;
      this.#rejectReady = reject;
    });
    this.ready.catch(() => {}); // whoever awaits it hears of it; nobody must
    const { port1, port2 } = new MessageChannel();
    this.#remote = Comlink.wrap<WorkerApi>(port1);
    try {
      this.#worker = options.makeWorker();
    } catch (reason) {
      queueMicrotask(() => this.#die(new EngineError('no worker', String(reason))));
      return;
    }
    this.#worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => this.#hear(data));
    this.#worker.addEventListener('error', (event) => {
      event.preventDefault();
      this.#die(new EngineError(this.#isReady ? 'crashed' : 'not loaded', event.message ?? 'the worker script failed'));
    });
    this.#say({ kind: 'init', core: options.core, module: options.module, variant: options.variant, port: port2 }, [port2]);
  }

  get dead(): boolean {
    return this.#dead !== undefined;
  }

  /** Through `Outcome`, so that a failure keeps its code; rejects at once if the worker dies. */
  call(method: string, args: unknown[]): Promise<unknown> {
    return this.#track((id) => this.#remote.call(id, method, args) as Promise<Outcome<unknown>>);
  }

  train(trainer: number, request: TrainRequest, onPoint: (point: TrainPoint) => void) {
    return this.#track((_id) => this.#remote.train(trainer, request, Comlink.proxy(onPoint)) as ReturnType<WorkerApi['train']>);
  }

  dismiss(): void {
    this.#end(new EngineError('closed'));
  }

  async #track<T>(send: (call: number) => Promise<Outcome<T>>): Promise<T> {
    if (this.#dead) throw this.#dead;
    const id = this.#nextCall++;
    try {
      const outcome = await new Promise<Outcome<T>>((resolve, reject) => {
        this.#pending.set(id, reject);
        this.#watch();
        send(id).then(resolve, reject);
      });
      if (outcome.ok) return outcome.value;
      const error = new EngineError(outcome.code, outcome.detail);
      if (outcome.code === 'crashed') this.#die(error);
      throw error;
    } finally {
      this.#pending.delete(id);
      this.#inCall.delete(id);
      this.#silent = 0;
    }
  }

  #say(message: ToWorker, transfer: Transferable[] = []): void {
    this.#worker?.postMessage(message, transfer);
  }

  #hear(message: FromWorker): void {
    this.#silent = 0;
    switch (message.kind) {
      case 'ready':
        this.#isReady = true;
        this.#resolveReady(message.info);
        break;
      case 'failed':
        this.#die(new EngineError(message.code, message.detail));
        break;
      case 'start':
        if (this.#pending.has(message.call)) this.#inCall.add(message.call);
        break;
      case 'snapshot':
        this.#options.onSnapshot(message.trainer, message.bytes);
        break;
      case 'pong':
        break;
    }
  }

  /**
   * A killed worker raises no event: only silence tells. Ticks are counted rather than time, so
   * that a sleeping laptop or a frozen tab does not look like a hang when it wakes.
   */
  #watch(): void {
    this.#ticker ??= setInterval(() => {
      if (this.#pending.size === 0) {
        clearInterval(this.#ticker);
        this.#ticker = undefined;
        return;
      }
      if (!this.#isReady) return; // loading has its own limit
      this.#silent += 1;
      this.#say({ kind: 'ping' });
      if (this.#silent > (this.#inCall.size > 0 ? this.patience : SILENT_TICKS)) this.#die(new EngineError('hung'));
    }, TICK_MS);
  }

  #die(cause: EngineError): void {
    if (this.#dead) return;
    const wasReady = this.#isReady;
    this.#end(cause);
    this.#options.onDeath(cause, wasReady);
  }

  #end(cause: EngineError): void {
    if (this.#dead) return;
    this.#dead = cause;
    clearInterval(this.#ticker);
    this.#worker?.terminate();
    this.#rejectReady(cause);
    for (const reject of this.#pending.values()) reject(cause);
    this.#pending.clear();
  }
}
