// Cutting a long job into slices short enough for pause, cancel and other calls to get through.

/** Longest time between two turns of the event loop, ms; one optimiser step is never cut. */
export const SLICE_MS = 30;

/** How many steps fit into what is left of a slice; 1 while the cost of a step is unknown. */
export function stepsThatFit(stepMs: number | undefined, leftMs: number, atMost: number): number {
  if (stepMs === undefined || stepMs <= 0) return 1;
  return Math.max(1, Math.min(atMost, Math.floor(leftMs / stepMs)));
}

/** Running mean that follows the tiering JIT down quickly and ignores a single hiccup. */
export function updateStepMs(before: number | undefined, measured: number): number {
  return before === undefined ? measured : before + 0.3 * (measured - before);
}

/**
 * Lets every queued event run first. A timer would be clamped to 4 ms and a microtask would let
 * nothing through; a message to oneself waits behind the messages already there.
 */
export function yieldToEvents(): Promise<void> {
  if (typeof setImmediate === 'function') return new Promise((resolve) => setImmediate(resolve));
  if (!channel) {
    channel = new MessageChannel();
    channel.port1.onmessage = () => waiting.shift()?.();
  }
  const { port2 } = channel;
  return new Promise((resolve) => {
    waiting.push(resolve);
    port2.postMessage(0);
  });
}
let channel: MessageChannel | undefined;
const waiting: (() => void)[] = []; // two trainers of one worker take turns: each message wakes the one that has waited longest
