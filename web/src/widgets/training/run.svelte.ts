// One training run in a worker of its own, as a widget sees it: start, pause, go on, cancel. Points arrive as they are
// measured; weights stay with them, so that a reader can go back to any of them.
import type { ModelInfo, TrainConfig, TrainPoint } from '../../../../wasm/client/types';
import { withWeights } from './from-weights';
import { WorkerRun } from './worker-run.svelte';

export type { RunState } from './worker-run.svelte';

/** The last point of a run that kept its weights. */
export type Trained = TrainPoint & { weights: Float32Array };

export class TrainingRun extends WorkerRun<TrainPoint> {
  model = $state.raw<ModelInfo | null>(null);
  config = $state.raw<TrainConfig | null>(null);
  /** The steps are done, what was asked of the weights is not: a figure still shows what it showed before. */
  examining = $state(false);
  #trainer = -1;
  #every = 20;
  #keep = false;

  get goal(): number { return this.config?.steps ?? 0; }
  get seconds(): number { return (this.points.at(-1)?.elapsed ?? 0) / 1000; }

  /** `from`: weights to start from instead of fresh ones. */
  start(config: TrainConfig, options: { every: number; keepWeights?: boolean; from?: Float32Array }): Promise<void> {
    [this.#every, this.#keep] = [options.every, options.keepWeights ?? false];
    const begun = this.begin(async (engine, turn) => {
      const fresh = await engine.createTrainer(config);
      const { id, model } = options.from ? await engine.resumeTrainer(withWeights(await engine.snapshot(fresh.id), fresh.model.parameters, options.from)) : fresh;
      if (turn !== this.turn) return;
      [this.#trainer, this.model] = [id, model];
      await this.#go(turn);
    });
    this.config = config; // begin() forgot the last one
    return begun;
  }

  async #go(turn: number): Promise<void> {
    const engine = this.engine;
    if (!engine) return;
    this.state = 'running';
    const { stopped } = await engine.train(this.#trainer, { until: this.goal, every: this.#every, keepWeights: this.#keep }, (point) => {
      if (turn === this.turn) this.#take(point);
    });
    if (turn !== this.turn) return;
    this.state = stopped;
    if (stopped !== 'paused') this.drop();
  }

  /** A restarted worker goes back to its last snapshot: what it measures again replaces what was there. */
  #take(point: TrainPoint): void {
    this.points = [...this.points.filter((p) => p.step < point.step), point];
  }

  async pause(): Promise<void> {
    const engine = this.engine;
    if (this.state !== 'running' || !engine) return;
    await this.guard(this.turn, () => engine.pause(this.#trainer)); // train() resolves with 'paused'
  }

  async resume(): Promise<void> {
    if (this.state !== 'paused') return;
    const turn = this.turn;
    await this.guard(turn, () => this.#go(turn));
  }

  /**
   * What is asked of the trained weights once start() is over. Null where there are none (stopped, failed), and where the answer came
   * after another start or a reset: then it is nobody's.
   */
  async examine<R>(job: (end: Trained) => Promise<R>): Promise<R | null> {
    const [turn, end] = [this.turn, this.points.at(-1)];
    if (this.state !== 'done' || !end?.weights) return null;
    this.examining = true;
    try {
      const answer = await job({ ...end, weights: end.weights });
      return turn === this.turn ? answer : null;
    } catch (e) {
      if (turn !== this.turn) return null;
      throw e;
    } finally {
      if (turn === this.turn) this.examining = false;
    }
  }

  override reset(): void {
    super.reset();
    [this.model, this.config, this.examining] = [null, null, false];
  }
}
