// One run of slices (slices.ts): start, pause, go on, stop.
import type { Dedicated, EngineAccess } from '../../kit/engine.svelte';
import type { Slice } from './slices';
import { WorkerRun } from './worker-run.svelte';

/** Trains on `engine` from a state or from the start; each point comes with the run so far, and false asks to stop. */
export type Train<P> = (engine: Dedicated, onPoint: (point: P, run: Slice) => boolean, from?: Float32Array) => Promise<unknown>;

export class SlicedRun<P extends { step: number }> extends WorkerRun<P> {
  readonly goal: number;
  readonly seconds = 0; // not measured
  #train: Train<P> | null = null;
  #kept: Float32Array | undefined;

  constructor(access: Pick<EngineAccess, 'dedicated'>, goal: number) {
    super(access);
    this.goal = goal;
  }

  get last(): P | undefined { return this.points.at(-1); }

  start(train: Train<P>): Promise<void> {
    [this.#train, this.#kept] = [train, undefined];
    return this.begin((_, turn) => this.#go(turn));
  }

  async #go(turn: number): Promise<void> {
    if (!this.engine || !this.#train) return;
    this.state = 'running';
    await this.#train(this.engine, (point, now) => {
      if (turn !== this.turn) return false;
      this.#kept = now.state;
      if (point.step > (this.last?.step ?? -1)) this.points = [...this.points, point];
      return this.state === 'running';
    }, this.#kept);
    if (turn !== this.turn || this.state !== 'running') return;
    this.state = 'done';
    this.drop();
  }

  /** After the slice that is being computed. */
  pause(): void {
    if (this.state === 'running') this.state = 'paused';
  }

  async resume(): Promise<void> {
    if (this.state !== 'paused') return;
    const turn = (this.turn += 1);
    await this.guard(turn, () => this.#go(turn));
  }
}
