// What the page and its worker say to each other. Calls and their results travel through Comlink
// on a port of their own; these messages, on the worker's own channel, say whether it is alive.
import type { ErrorCode } from './errors.ts';
import type { EngineInfo, ModuleName, TrainPoint, TrainRequest, Variant } from './types.ts';

export interface Init {
  kind: 'init';
  /** Absolute address of the folder with manifest.json. */
  core: string;
  module: ModuleName;
  /** Forced by ?variant=; otherwise the best this browser runs. */
  variant: Variant | undefined;
  port: MessagePort;
}
export type ToWorker = Init | { kind: 'ping' };

export type FromWorker =
  | { kind: 'ready'; info: EngineInfo }
  | { kind: 'failed'; code: ErrorCode; detail: string }
  | { kind: 'pong' }
  /** A call is about to run and may keep the worker silent while it does. */
  | { kind: 'start'; call: number }
  /** State of a trainer, so that a restarted worker can go on from here. */
  | { kind: 'snapshot'; trainer: number; bytes: Uint8Array };

export type Outcome<T> = { ok: true; value: T } | { ok: false; code: ErrorCode; detail: string };

/** What Comlink exposes. Failures travel as values: an Error would lose its code on the way. */
export interface WorkerApi {
  call(call: number, method: string, args: unknown[]): Outcome<unknown>;
  train(
    trainer: number,
    request: TrainRequest,
    onPoint: (point: TrainPoint) => void,
  ): Promise<Outcome<{ step: number; stopped: 'done' | 'paused' | 'diverged' }>>;
}
