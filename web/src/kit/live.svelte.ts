// From recording to live: a figure shows its recording at once, asks the engine when it comes
// near, and keeps the last good result while a new one is computed or when the engine fails.
import type { RemoteEngine } from '../../../wasm/client/types';
import { sentence, SLOW_MESSAGE, useEngine, type EngineAccess } from './engine.svelte';
import { latest } from './latest';
import { lifecycle, type Lifecycle } from './lifecycle.svelte';

export type Badge = 'live' | 'recording' | 'scheme';

export interface Live<R> {
  /** What to draw: the recording until the first live result, then the latest result. */
  readonly value: R;
  /** The value before the latest change of inputs (the ghost), or null. */
  readonly before: R | null;
  readonly badge: Badge;
  readonly pending: boolean;
  readonly error: string | null;
  /** Not an error: the engine is slow to start, or was started again. */
  readonly notice: string | null;
  readonly lifecycle: Lifecycle;
  retry(): void;
}

export interface LiveOptions<I, R> {
  recorded: R;
  /** Read reactively: when it changes, the figure is computed again. */
  inputs: () => I;
  /** `signal` is aborted when the figure goes away. */
  compute: (engine: RemoteEngine, inputs: I, signal: AbortSignal) => Promise<R>;
  /** False keeps the recording (for example until the reader touches the figure). */
  enabled?: () => boolean;
  /** Tests replace the engine here. */
  engine?: Pick<EngineAccess, 'shared' | 'slow' | 'status'>;
}

export function useLive<I, R>(options: LiveOptions<I, R>): Live<R> {
  const engine = options.engine ?? useEngine();
  const life = lifecycle();
  let value = $state.raw<R>(options.recorded);
  let before = $state.raw<R | null>(null);
  let fresh = $state(false);
  let pending = $state(false);
  let error = $state<string | null>(null);
  let attempt = $state(0);

  const queue = latest<I, R>({
    run: async (inputs, signal) => options.compute(await engine.shared(), inputs, signal),
    done(result) {
      before = value;
      value = result;
      fresh = true;
      error = null;
    },
    failed: (e) => void (error = sentence(e)),
    busy: (on) => void (pending = on),
  });

  $effect(() => {
    void attempt;
    const inputs = options.inputs();
    if (life.near && options.enabled?.() !== false) queue.ask(inputs);
  });
  $effect(() => () => queue.stop());

  return {
    get value() { return value; },
    get before() { return before; },
    get badge() { return fresh ? 'live' : 'recording'; },
    get pending() { return pending; },
    get error() { return error; },
    get notice() {
      if (engine.slow && pending) return SLOW_MESSAGE;
      return engine.status.state === 'restarted' ? (engine.status.message ?? null) : null;
    },
    lifecycle: life,
    retry: () => void (attempt += 1),
  };
}
