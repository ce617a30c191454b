// One training run in a worker of its own, as a widget sees it: start, pause, go on, cancel. Points arrive as they are
// measured; weights stay with them, so that a reader can go back to any of them.
import type { ModelInfo, TrainConfig, TrainPoint } from '../../../../wasm/client/types';
import { withWeights } from './from-weights';
import { sentence, type Dedicated, type EngineAccess } from '../../kit/engine.svelte';

export type RunState = 'idle' | 'starting' | 'running' | 'paused' | 'done' | 'cancelled' | 'diverged' | 'failed';

export class TrainingRun {
  points = $state.raw<TrainPoint[]>([]);
  state = $state<RunState>('idle');
  error = $state<string | null>(null);
  model = $state.raw<ModelInfo | null>(null);
  config = $state.raw<TrainConfig | null>(null);
  #access: Pick<EngineAccess, 'dedicated'>;
  #engine: Dedicated | null = null;
  #trainer = -1;
  #every = 20;
  #keep = false;
  #run = 0; // a newer start makes the answers of an older one void

  constructor(access: Pick<EngineAccess, 'dedicated'>) {
    this.#access = access;
  }

  get busy(): boolean { return this.state === 'starting' || this.state === 'running'; }
  get step(): number { return this.points.at(-1)?.step ?? 0; }
  get goal(): number { return this.config?.steps ?? 0; }
  get seconds(): number { return (this.points.at(-1)?.elapsed ?? 0) / 1000; }

  /** `from`: weights to start from instead of fresh ones. */
  async start(config: TrainConfig, options: { every: number; keepWeights?: boolean; from?: Float32Array }): Promise<void> {
    this.#drop();
    const run = (this.#run += 1);
    [this.#every, this.#keep] = [options.every, options.keepWeights ?? false];
    [this.points, this.error, this.model, this.config, this.state] = [[], null, null, config, 'starting'];
    try {
      const engine = await this.#access.dedicated();
      if (run !== this.#run) return engine.terminate();
      this.#engine = engine;
      const fresh = await engine.createTrainer(config);
      const begun = options.from ? await engine.resumeTrainer(withWeights(await engine.snapshot(fresh.id), fresh.model.parameters, options.from)) : fresh;
      if (run !== this.#run) return;
      [this.#trainer, this.model] = [begun.id, begun.model];
      await this.#go(run);
    } catch (e) {
      this.#fail(run, e);
    }
  }

  async #go(run: number): Promise<void> {
    const engine = this.#engine;
    if (!engine) return;
    this.state = 'running';
    const { stopped } = await engine.train(this.#trainer, { until: this.goal, every: this.#every, keepWeights: this.#keep }, (point) => {
      if (run === this.#run) this.#take(point);
    });
    if (run !== this.#run) return;
    this.state = stopped;
    if (stopped !== 'paused') this.#drop();
  }

  /** A restarted worker goes back to its last snapshot: what it measures again replaces what was there. */
  #take(point: TrainPoint): void {
    this.points = [...this.points.filter((p) => p.step < point.step), point];
  }

  async pause(): Promise<void> {
    if (this.state !== 'running' || !this.#engine) return;
    const run = this.#run;
    try {
      await this.#engine.pause(this.#trainer); // train() resolves with 'paused'
    } catch (e) {
      this.#fail(run, e);
    }
  }

  async resume(): Promise<void> {
    if (this.state !== 'paused') return;
    const run = this.#run;
    try {
      await this.#go(run);
    } catch (e) {
      this.#fail(run, e);
    }
  }

  /** At once: the worker is ended, the points measured so far stay. */
  cancel(): void {
    if (!this.busy && this.state !== 'paused') return;
    this.#run += 1;
    this.#drop();
    this.state = 'cancelled';
  }

  reset(): void {
    this.#run += 1;
    this.#drop();
    [this.points, this.state, this.error, this.model, this.config] = [[], 'idle', null, null, null];
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
