// From recording to live: a figure shows its recording at once, asks the engine when it comes
// near, and keeps the last good result while a new one is computed or when the engine fails.
import type { RemoteEngine } from '../../../wasm/client/types';
import { sentence, SLOW_MESSAGE, useEngine, type EngineAccess } from './engine.svelte';
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
  /** Not an error: the engine is slow to start. */
  readonly notice: string | null;
  readonly lifecycle: Lifecycle;
  retry(): void;
}

export interface LiveOptions<I, R> {
  recorded: R;
  /** Read reactively: when it changes, the figure is computed again. */
  inputs: () => I;
  compute: (engine: RemoteEngine, inputs: I, signal: AbortSignal) => Promise<R>;
  /** False keeps the recording (for example until the reader touches the figure). */
  enabled?: () => boolean;
  /** Tests replace the engine here. */
  engine?: Pick<EngineAccess, 'shared' | 'slow'>;
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

  $effect(() => {
    void attempt;
    const inputs = options.inputs();
    if (!life.near || options.enabled?.() === false) return;
    const abort = new AbortController();
    void update(inputs, abort.signal);
    return () => abort.abort();
  });

  async function update(inputs: I, signal: AbortSignal): Promise<void> {
    pending = true;
    try {
      const core = await engine.shared();
      if (signal.aborted) return;
      const result = await options.compute(core, inputs, signal);
      if (signal.aborted) return;
      before = value;
      value = result;
      fresh = true;
      error = null;
    } catch (e) {
      if (!signal.aborted) error = sentence(e);
    } finally {
      if (!signal.aborted) pending = false;
    }
  }

  return {
    get value() { return value; },
    get before() { return before; },
    get badge() { return fresh ? 'live' : 'recording'; },
    get pending() { return pending; },
    get error() { return error; },
    get notice() { return engine.slow && pending ? SLOW_MESSAGE : null; },
    lifecycle: life,
    retry: () => void (attempt += 1),
  };
}
