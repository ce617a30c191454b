// The engine as widgets see it: e1's client, loaded on first use, with a reactive status.
import type { EngineHost, EngineInfo, RemoteEngine } from '../../../wasm/client/types';

export interface EngineStatus {
  state: ReturnType<EngineHost['status']>['state'];
  message?: string;
}
export type Dedicated = RemoteEngine & { terminate(): void };

export interface EngineAccess {
  readonly status: EngineStatus;
  /** Known once the engine is ready: variant, commit, memory. */
  readonly info: EngineInfo | null;
  /** The engine has been starting for longer than the watchdog allows. */
  readonly slow: boolean;
  shared(): Promise<RemoteEngine>;
  dedicated(): Promise<Dedicated>;
}

const WATCHDOG_MS = 5000;
export const SLOW_MESSAGE =
  'Вычислительное ядро не ответило за пять секунд. На рисунке остаётся запись; расчёт начнётся, как только ядро загрузится.';

const client = import.meta.glob<{ connect(): EngineHost }>('../../../wasm/client/index.ts');

let status = $state.raw<EngineStatus>({ state: 'idle' });
let info = $state.raw<EngineInfo | null>(null);
let slow = $state(false);
let host: Promise<EngineHost> | undefined;

async function open(): Promise<EngineHost> {
  const load = Object.values(client)[0];
  if (!load) throw new Error('Вычислительное ядро не входит в эту сборку сайта.');
  const { connect } = await load();
  const opened = connect();
  opened.subscribe((next) => (status = next));
  return opened;
}

async function call<T>(use: (host: EngineHost) => Promise<T>): Promise<T> {
  const timer = setTimeout(() => (slow = true), WATCHDOG_MS);
  if (status.state === 'idle') status = { state: 'loading' };
  try {
    const engine = await use(await (host ??= open()));
    if (status.state === 'loading' || status.state === 'failed') status = { state: 'ready' };
    return engine;
  } catch (error) {
    host = undefined; // the next call, or «Повторить», starts afresh
    status = { state: 'failed', message: sentence(error) };
    throw error;
  } finally {
    clearTimeout(timer);
    slow = false;
  }
}

/** A sentence for the reader out of anything thrown. */
export function sentence(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim() === '' ? 'Вычислительное ядро остановилось, не сказав почему.' : text;
}

const access: EngineAccess = {
  get status() { return status; },
  get info() { return info; },
  get slow() { return slow; },
  shared: () =>
    call(async (h) => {
      const engine = await h.shared();
      info ??= await engine.info();
      return engine;
    }),
  dedicated: () => call((h) => h.dedicated()),
};

export const useEngine = (): EngineAccess => access;
