// One run of slices (slices.ts) in a worker of its own, as a widget sees it: start, pause, go on, cancel.
import { sentence, type Dedicated, type EngineAccess } from '../../kit/engine.svelte';
import type { Slice } from './slices';
import type { RunState } from './run.svelte';

/** Trains on `engine` from a state or from the start; each point comes with the run so far, and false asks to stop. */
export type Train<P> = (engine: Dedicated, onPoint: (point: P, run: Slice) => boolean, from?: Float32Array) => Promise<unknown>;

export class SlicedRun<P extends { step: number }> {
  points = $state.raw<P[]>([]);
  state = $state<RunState>('idle');
  error = $state<string | null>(null);
  goal: number;
  readonly seconds = 0; // not measured
  #access: Pick<EngineAccess, 'dedicated'>;
  #engine: Dedicated | null = null;
  #train: Train<P> | null = null;
  #kept: Float32Array | undefined;
  #run = 0; // a newer start makes the answers of an older one void

  constructor(access: Pick<EngineAccess, 'dedicated'>, goal: number) {
    [this.#access, this.goal] = [access, goal];
  }

  get busy(): boolean { return this.state === 'starting' || this.state === 'running'; }
  get last(): P | undefined { return this.points.at(-1); }
  get step(): number { return this.last?.step ?? 0; }

  async start(train: Train<P>): Promise<void> {
    this.reset();
    const run = this.#run;
    [this.#train, this.state] = [train, 'starting'];
    try {
      const engine = await this.#access.dedicated();
      if (run !== this.#run) return engine.terminate();
      this.#engine = engine;
      await this.#go(run);
    } catch (e) {
      this.#fail(run, e);
    }
  }

  async #go(run: number, from?: Float32Array): Promise<void> {
    if (!this.#engine || !this.#train) return;
    this.state = 'running';
    await this.#train(this.#engine, (point, now) => {
      if (run !== this.#run) return false;
      this.#kept = now.state;
      if (point.step > (this.last?.step ?? -1)) this.points = [...this.points, point];
      return this.state === 'running';
    }, from);
    if (run !== this.#run || this.state !== 'running') return;
    this.state = 'done';
    this.#drop();
  }

  /** After the slice that is being computed. */
  pause(): void {
    if (this.state === 'running') this.state = 'paused';
  }

  async resume(): Promise<void> {
    if (this.state !== 'paused') return;
    const run = (this.#run += 1);
    try {
      await this.#go(run, this.#kept);
    } catch (e) {
      this.#fail(run, e);
    }
  }

  /** At once: the worker is ended, the points stay. */
  cancel(): void {
    if (!this.busy && this.state !== 'paused') return;
    this.#run += 1;
    this.#drop();
    this.state = 'cancelled';
  }

  reset(): void {
    this.#run += 1;
    this.#drop();
    [this.points, this.state, this.error, this.#kept] = [[], 'idle', null, undefined];
  }

  #fail(run: number, e: unknown): void {
    if (run !== this.#run) return;
    this.#drop();
    [this.state, this.error] = ['failed', sentence(e)];
  }

  #drop(): void {
    this.#engine?.terminate();
    this.#engine = null;
  }
}
