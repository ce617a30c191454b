import { describe, expect, it } from 'vitest';
import type { TrainPoint } from '../../../../wasm/client/types';
import type { Dedicated } from '../../kit/engine.svelte';
import { RECIPE } from './recipe';
import { TrainingRun } from './run.svelte';

type Stopped = 'done' | 'paused' | 'diverged';
/** A worker whose training ends when the test says so. */
function fake(): { access: { dedicated(): Promise<Dedicated> }; point(step: number): void; stop(how: Stopped): Promise<void>; ended(): number } {
  let finish = (_: { step: number; stopped: Stopped }): void => {};
  let report = (_: TrainPoint): void => {};
  let ended = 0;
  const engine = {
    createTrainer: async () => ({ id: 1, model: { id: 2, parameters: [] } }),
    train: (_id: number, _request: unknown, onPoint: (p: TrainPoint) => void) => new Promise((resolve) => ([finish, report] = [resolve, onPoint])),
    pause: async () => undefined,
    terminate: () => void (ended += 1),
  };
  return {
    access: { dedicated: async () => engine as unknown as Dedicated },
    point: (step) => report({ step, weights: Float32Array.of(step) } as TrainPoint),
    async stop(stopped) { finish({ step: 0, stopped }); await settle(); },
    ended: () => ended,
  };
}
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

describe('a training run', () => {
  it('is over when it has gone on after a pause and ended, not at the pause', async () => {
    const core = fake();
    const run = new TrainingRun(core.access);
    let over = false;
    void run.start(RECIPE, { every: 20, keepWeights: true }).then(() => (over = true));
    await settle();
    core.point(20);
    await core.stop('paused');
    expect([run.state, over]).toEqual(['paused', false]);
    void run.resume();
    await settle();
    core.point(700);
    await core.stop('done');
    expect([run.state, over, core.ended()]).toEqual(['done', true, 1]);
    const examined = run.examine(async (end) => end.weights[0]);
    expect(run.examining).toBe(true);
    expect(await examined).toBe(700);
    expect(run.examining).toBe(false);
  });

  it('is over when it is cancelled, and when another begins', async () => {
    const core = fake();
    const run = new TrainingRun(core.access);
    const first = run.start(RECIPE, { every: 20 });
    await settle();
    await core.stop('paused');
    run.cancel();
    await first;
    expect(run.state).toBe('cancelled');
    const second = run.start(RECIPE, { every: 20 });
    const third = run.start(RECIPE, { every: 20 });
    await second;
    await settle();
    expect(run.state).toBe('running');
    await core.stop('diverged');
    await third;
    expect(run.state).toBe('diverged');
    expect(await run.examine(async () => 'never asked')).toBeNull();
  });

  it('gives no answer, and no failure, that came after a reset or another start', async () => {
    const core = fake();
    const run = new TrainingRun(core.access);
    const trained = async (): Promise<void> => {
      const over = run.start(RECIPE, { every: 20, keepWeights: true });
      await settle();
      core.point(700);
      await core.stop('done');
      await over;
    };
    await trained();
    let answer = (_: string): void => {};
    const late = run.examine(() => new Promise<string>((resolve) => (answer = resolve)));
    run.reset();
    expect(run.examining).toBe(false);
    answer('of another model');
    expect(await late).toBeNull();
    await trained();
    let fail = (_: Error): void => {};
    const broken = run.examine(() => new Promise<string>((_, reject) => (fail = reject)));
    const again = trained();
    fail(new Error('closed'));
    expect(await broken).toBeNull();
    await again;
    expect(run.examining).toBe(false);
    await expect(run.examine(() => Promise.reject(new Error('out of memory')))).rejects.toThrow('out of memory');
    expect(run.examining).toBe(false);
  });
});
