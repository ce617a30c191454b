// The page's door to the attention core: connect() and the types. Nothing else of this folder is
// meant for widgets.
import { WorkerHost } from './host.ts';
import type { Status } from './host.ts';
import type { EngineHost, ModuleName, RemoteEngine, Variant } from './types.ts';

import { EngineError } from './errors.ts';

export { EngineError };
export type * from './types.ts';

export interface ConnectOptions {
  /** Folder with the core's manifest; default: core/ under the site's base path. */
  core?: string | URL;
  /** Default: what the page asks for (`<meta name="engine" content="lab">`), else core. */
  module?: ModuleName;
  /** Default: ?variant=simd|scalar of the page, else what the browser can run. */
  variant?: Variant;
}

declare global {
  // As Vite declares it, so that the two merge; under plain node there is no env at all.
  interface ImportMetaEnv {
    BASE_URL: string;
  }
  interface ImportMeta {
    readonly env: ImportMetaEnv;
  }
}

function coreFolder(given?: string | URL): string {
  if (given) return new URL(given, location.href).href;
  const base = import.meta.env?.BASE_URL ?? '/';
  return new URL(`${base.replace(/\/?$/, '/')}core/`, location.href).href;
}

function variantOfPage(): Variant | undefined {
  const asked = new URLSearchParams(location.search).get('variant');
  return asked === 'simd' || asked === 'scalar' ? asked : undefined;
}

function moduleOfPage(): ModuleName {
  const asked = document.querySelector<HTMLMetaElement>('meta[name="engine"]')?.content;
  return asked === 'lab' ? 'lab' : 'core';
}

const makeWorker = (): Worker => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'attention-core' });

let host: EngineHost | undefined;

/** One host per page: every widget gets the same. Nothing is loaded before the first shared() or dedicated(). */
export function connect(options: ConnectOptions = {}): EngineHost {
  host ??= createHost(options);
  return host;
}

function createHost(options: ConnectOptions): EngineHost {
  const core = coreFolder(options.core);
  const variant = options.variant ?? variantOfPage();
  const module = options.module ?? moduleOfPage();
  const listeners = new Set<(status: Status) => void>();
  let status: Status = { state: 'idle' };
  const setStatus = (next: Status): void => {
    status = next;
    for (const listener of listeners) listener(status);
  };
  const open = (onStatus: (status: Status) => void): WorkerHost => new WorkerHost({ makeWorker, core, module, variant, onStatus });

  let shared: WorkerHost | undefined;
  const dedicated = new Set<WorkerHost>();

  // A page that is left takes its workers with it; from the back-forward cache it starts them anew.
  addEventListener('pagehide', () => {
    shared?.sleep();
    for (const one of dedicated) one.sleep();
  });

  return {
    async shared(): Promise<RemoteEngine> {
      shared ??= open(setStatus);
      await shared.start();
      return shared.engine;
    },
    async dedicated() {
      // Its troubles are told to the page, its coming and going is not.
      const one = open((next) => {
        if (next.state === 'restarted' || next.state === 'failed') setStatus(next);
        else if (next.state === 'ready' && (status.state === 'restarted' || status.state === 'failed')) setStatus(next);
      });
      dedicated.add(one);
      const terminate = (): void => {
        dedicated.delete(one);
        one.close();
      };
      try {
        // One that is late is told to the page and waited for: to end it would be to fetch everything again, as late.
        await one.start().catch((cause: unknown) => {
          if (cause instanceof EngineError && cause.code === 'slow start') return one.start();
          throw cause;
        });
      } catch (cause) {
        terminate();
        throw cause;
      }
      return { ...one.engine, terminate };
    },
    status: () => status,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
