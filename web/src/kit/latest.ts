// One request in flight; of those that come meanwhile only the latest is kept. A slider dragged
// fast thus shows every answer the engine manages, and always ends on the last position.

export interface LatestOptions<I, R> {
  run: (inputs: I, signal: AbortSignal) => Promise<R>;
  done: (result: R) => void;
  failed: (error: unknown) => void;
  busy: (on: boolean) => void;
}

export function latest<I, R>(o: LatestOptions<I, R>): { ask(inputs: I): void; stop(): void } {
  let next: { inputs: I } | null = null;
  let running = false;
  const abort = new AbortController();

  async function drain(): Promise<void> {
    running = true;
    o.busy(true);
    while (next !== null && !abort.signal.aborted) {
      const { inputs } = next;
      next = null;
      try {
        const result = await o.run(inputs, abort.signal);
        if (!abort.signal.aborted) o.done(result);
      } catch (error) {
        // A failure that newer inputs have already overtaken is not worth a sentence.
        if (!abort.signal.aborted && next === null) o.failed(error);
      }
    }
    running = false;
    if (!abort.signal.aborted) o.busy(false);
  }

  return {
    ask(inputs) {
      next = { inputs };
      if (!running) void drain();
    },
    stop: () => abort.abort(),
  };
}
