// The worker: loads the core, answers calls, trains in slices.
/// <reference lib="webworker" />
import * as Comlink from 'comlink';
import { simd } from 'wasm-feature-detect';
import { moduleFiles, startCore } from './core.ts';
import type { Core, Manifest } from './core.ts';
import { LocalEngine } from './engine.ts';
import { EngineError, asEngineError } from './errors.ts';
import type { FromWorker, Init, Outcome, ToWorker, WorkerApi } from './protocol.ts';
import type { TrainPoint, Variant } from './types.ts';

declare const self: DedicatedWorkerGlobalScope;

/** A snapshot is small (three copies of the weights), but need not be sent with every point. */
const SNAPSHOT_EVERY_MS = 1000;
const SNAPSHOT_LIMIT = 8 << 20;

const say = (message: FromWorker, transfer: Transferable[] = []): void => self.postMessage(message, transfer);

async function download(url: URL): Promise<Response> {
  const response = await fetch(url).catch((reason: unknown) => {
    throw new EngineError('not loaded', String(reason));
  });
  if (!response.ok) throw new EngineError('not loaded', `${url.pathname}: HTTP ${response.status}`);
  return response;
}

async function compile(url: URL): Promise<WebAssembly.Module> {
  const response = await download(url);
  // Streaming wants the MIME type application/wasm, which a plain file server may not send.
  if (response.headers.get('content-type')?.startsWith('application/wasm')) return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}

async function load({ core: folder, module: name, variant: forced }: Init): Promise<Core> {
  if (typeof WebAssembly !== 'object') throw new EngineError('no wasm');
  const manifest = (await (await download(new URL('manifest.json', folder))).json()) as Manifest;
  const variant: Variant = forced ?? ((await simd()) ? 'simd' : 'scalar');
  const { js, wasm } = moduleFiles(manifest, name, variant);
  const [glue, module] = await Promise.all([
    import(/* @vite-ignore */ new URL(js, folder).href) as Promise<{ default: Parameters<typeof startCore>[0] }>,
    compile(new URL(wasm, folder)),
  ]).catch((reason: unknown) => {
    throw reason instanceof EngineError ? reason : new EngineError('not loaded', String(reason));
  });
  return startCore(glue.default, module, { module: name, variant, commit: manifest.commit });
}

/** The buffers of every typed array in a reply: moved, not copied, to the page. */
function buffers(value: unknown, found: Transferable[] = []): Transferable[] {
  if (value instanceof Float32Array || value instanceof Uint8Array) found.push(value.buffer);
  else if (value !== null && typeof value === 'object') for (const item of Object.values(value)) buffers(item, found);
  return found;
}

function failure(thrown: unknown): Outcome<never> {
  const { code, detail } = asEngineError(thrown);
  return { ok: false, code, detail };
}

function api(core: Core): WorkerApi {
  const engine = new LocalEngine(core);
  const methods = engine as unknown as Record<string, (...args: unknown[]) => unknown>;

  /** Reports a point and, now and then, the state behind it; its own snapshot must not be the last straw. */
  function reporter(trainer: number, onPoint: (point: TrainPoint) => unknown): { send(point: TrainPoint): void; sent(): Promise<unknown> } {
    let sent = Promise.resolve<unknown>(undefined);
    let last = performance.now();
    return {
      send(point) {
        const delivered = Promise.resolve(onPoint(point.weights ? Comlink.transfer(point, [point.weights.buffer]) : point));
        sent = Promise.all([sent, delivered]);
        if (performance.now() - last < SNAPSHOT_EVERY_MS) return;
        last = performance.now();
        const bytes = engine.snapshot(trainer);
        if (bytes.length <= SNAPSHOT_LIMIT) say({ kind: 'snapshot', trainer, bytes }, [bytes.buffer]);
      },
      sent: () => sent,
    };
  }

  return {
    call(call, method, args) {
      say({ kind: 'start', call });
      try {
        const value = methods[method]!.apply(engine, args);
        return Comlink.transfer({ ok: true, value }, buffers(value));
      } catch (thrown) {
        return failure(thrown);
      }
    },
    async train(trainer, request, onPoint) {
      const points = reporter(trainer, onPoint);
      try {
        const value = await engine.train(trainer, request, points.send);
        await points.sent(); // the page has seen every point before it hears that training ended
        return { ok: true, value };
      } catch (thrown) {
        return failure(thrown);
      } finally {
        (onPoint as unknown as Comlink.Remote<typeof onPoint>)[Comlink.releaseProxy]();
      }
    },
  };
}

self.addEventListener('message', async ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === 'ping') return say({ kind: 'pong' });
  try {
    const core = await load(data);
    Comlink.expose(api(core), data.port);
    say({ kind: 'ready', info: new LocalEngine(core).info() });
  } catch (thrown) {
    const { code, detail } = asEngineError(thrown);
    say({ kind: 'failed', code, detail });
  }
});
