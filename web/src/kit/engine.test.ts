import { expect, it, vi } from 'vitest';
import { useEngine } from './engine.svelte';

const engine = { info: async () => ({ module: 'core' }) };
const host = { shared: vi.fn(), dedicated: vi.fn(), subscribe: () => () => {} };
vi.mock('../../../wasm/client/index', () => ({ connect: () => host }));
const failure = (code: string): Error => Object.assign(new Error(code), { code });

it('waits for a core that is late, and gives up on one that cannot come', async () => {
  host.shared.mockRejectedValueOnce(failure('slow start')).mockResolvedValueOnce(engine);
  expect(await useEngine().shared()).toBe(engine);
  expect(useEngine().status.state).toBe('ready');
  host.shared.mockRejectedValueOnce(failure('slow start')).mockRejectedValueOnce(failure('not loaded'));
  await expect(useEngine().shared()).rejects.toThrow('not loaded');
  expect(useEngine().status.state).toBe('failed');
});
