// Runs whose state goes back and forth with every call (`recallSteps`, `paritySteps`, `gateSteps`): nothing of them stays in the core,
// so a page stops, goes on or compares as it likes.
export interface Slice { step: number; state: Float32Array }

/** Asks a slice at a time until `steps`; `onSlice` returns false to stop. A fresh run shows its start as well. */
export async function inSlices<R extends Slice>(ask: (count: number, from?: Float32Array) => Promise<R>, steps: number, every: number, onSlice: (run: R) => boolean | void, from?: Float32Array): Promise<R> {
  let run = await ask(0, from);
  if (from === undefined && onSlice(run) === false) return run;
  while (run.step < steps) {
    run = await ask(Math.min(steps, run.step + every - (run.step % every)) - run.step, run.state);
    if (onSlice(run) === false) break;
  }
  return run;
}
