import { afterEach, expect, it, vi } from 'vitest';
import { stepsThatFit, yieldToEvents } from '../../../wasm/client/slices';

afterEach(() => vi.unstubAllGlobals());

it('lets every job that waits go on, however many wait at once', async () => {
  vi.stubGlobal('setImmediate', undefined); // as in a browser
  const on = await Promise.race([Promise.all([yieldToEvents(), yieldToEvents(), yieldToEvents()]).then(() => 'all'), new Promise((r) => setTimeout(() => r('not all'), 500))]);
  expect(on).toBe('all');
});

it('takes one step while the cost is unknown, and never less', () => {
  expect(stepsThatFit(undefined, 30, 100)).toBe(1);
  expect(stepsThatFit(50, 30, 100)).toBe(1);
  expect(stepsThatFit(2, 30, 100)).toBe(15);
  expect(stepsThatFit(2, 30, 4)).toBe(4);
});
