// A run in a worker of its own, as a widget sees it: what every kind of run has in common.
import { sentence, type Dedicated, type EngineAccess } from '../../kit/engine.svelte';

export type RunState = 'idle' | 'starting' | 'running' | 'paused' | 'done' | 'cancelled' | 'diverged' | 'failed';

export abstract class WorkerRun<P extends { step: number }> {
  points = $state.raw<P[]>([]);
  state = $state<RunState>('idle');
  error = $state<string | null>(null);
  protected engine: Dedicated | null = null;
  /** A newer turn makes the answers of an older one void. */
  protected turn = 0;
  #access: Pick<EngineAccess, 'dedicated'>;
  #over = (): void => {};

  constructor(access: Pick<EngineAccess, 'dedicated'>) {
    this.#access = access;
  }

  abstract get goal(): number;
  get busy(): boolean { return this.state === 'starting' || this.state === 'running'; }
  get step(): number { return this.points.at(-1)?.step ?? 0; }

  /** Whatever went before is void; runs `job` on a worker of its own. Resolves when the run is over: a pause is not the end of it. */
  protected async begin(job: (engine: Dedicated, turn: number) => Promise<void>): Promise<void> {
    this.reset();
    const over = new Promise<void>((resolve) => (this.#over = resolve));
    const turn = this.turn;
    this.state = 'starting';
    await this.guard(turn, async () => {
      const engine = await this.#access.dedicated();
      if (turn !== this.turn) return engine.terminate();
      this.engine = engine;
      await job(engine, turn);
    });
    await over;
  }

  /** A failure of this turn is the run's; one of a turn that is over is nobody's. */
  protected async guard(turn: number, job: () => Promise<void>): Promise<void> {
    try {
      await job();
    } catch (e) {
      if (turn !== this.turn) return;
      this.drop();
      [this.state, this.error] = ['failed', sentence(e)];
    }
  }

  /** At once: the worker is ended, the points measured so far stay. */
  cancel(): void {
    if (!this.busy && this.state !== 'paused') return;
    this.turn += 1;
    this.drop();
    this.state = 'cancelled';
  }

  reset(): void {
    this.turn += 1;
    this.drop();
    [this.points, this.state, this.error] = [[], 'idle', null];
  }

  /** However a run ends, it ends with this. */
  protected drop(): void {
    this.engine?.terminate();
    this.engine = null;
    this.#over();
  }
}
