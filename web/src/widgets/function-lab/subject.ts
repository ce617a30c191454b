// The model of the function laboratory in the page: fetched once; a failed download is tried again by whoever asks next.
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { download, NO_WEIGHTS } from '../../lib/download.ts';
import { FILE, subject, type Subject } from './model.ts';

let opened: Promise<Subject> | undefined;
export function functionsModel(engine: RemoteEngine): Promise<Subject> {
  opened ??= download(FILE, NO_WEIGHTS).then(async (bytes) => subject(await engine.loadModel(bytes))).catch((reason: unknown) => {
    opened = undefined;
    throw reason;
  });
  return opened;
}
