// The engine as widgets see it: e1's client, loaded on first use, with a reactive status.
import type { EngineHost, EngineInfo, RemoteEngine } from '../../../wasm/client/types';

export type EngineStatus = ReturnType<EngineHost['status']>;
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
  'Вычислительное ядро не ответило за пять секунд. На рисунке пока запись; расчёт начнётся, как только ядро загрузится.';

let status = $state.raw<EngineStatus>({ state: 'idle' });
let info = $state.raw<EngineInfo | null>(null);
let slow = $state(false);
let waiting = 0;
let host: Promise<EngineHost> | undefined;

async function open(): Promise<EngineHost> {
  const { connect } = await import('../../../wasm/client/index');
  const opened = connect();
  opened.subscribe((next) => (status = next));
  return opened;
}

/** The client's script, loaded once; a failed download is tried again on the next call. */
function client(): Promise<EngineHost> {
  host ??= open().catch((error: unknown) => {
    host = undefined;
    throw error instanceof TypeError ? new Error('Вычислительное ядро не загрузилось: нет связи с сайтом.', { cause: error }) : error;
  });
  return host;
}

async function call<T>(use: (host: EngineHost) => Promise<T>): Promise<T> {
  waiting += 1;
  const timer = setTimeout(() => (slow = true), WATCHDOG_MS);
  if (status.state === 'idle') status = { state: 'loading' };
  try {
    const engine = await use(await client());
    if (status.state === 'loading' || status.state === 'failed') status = { state: 'ready' };
    return engine;
  } catch (error) {
    status = { state: 'failed', message: sentence(error) };
    throw error;
  } finally {
    clearTimeout(timer);
    waiting -= 1;
    if (waiting === 0) slow = false;
  }
}

/** A core that is late is waited for, under the notice that `slow` brings: the figure comes alive when it comes. */
const patiently = (host: EngineHost): Promise<RemoteEngine> =>
  host.shared().catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'slow start') return host.shared();
    throw error;
  });

/** A sentence for the reader out of anything thrown. */
export function sentence(error: unknown): string {
  const text = (error instanceof Error ? error.message : String(error)).trim();
  if (text === '') return 'Вычислительное ядро остановилось, не сказав почему.';
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

const access: EngineAccess = {
  get status() { return status; },
  get info() { return info; },
  get slow() { return slow; },
  shared: () =>
    call(async (h) => {
      const engine = await patiently(h);
      info ??= await engine.info();
      return engine;
    }),
  dedicated: () => call((h) => h.dedicated()),
};

export const useEngine = (): EngineAccess => access;
