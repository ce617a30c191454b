// A page with nothing but the engine's client on it, for engine.spec.ts.
import { connect } from '../../../wasm/client/index.ts';
import type { EngineHost } from '../../../wasm/client/index.ts';

declare global {
  interface Window {
    host: EngineHost;
    statuses: string[];
  }
}

window.host = connect({ core: new URL('core/', location.href) });
window.statuses = [];
window.host.subscribe(({ state, message }) => window.statuses.push(message ? `${state}: ${message}` : state));
