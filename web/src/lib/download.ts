// A file of the site by its path under the base, whole; in the page only.

export const STOPPED = 'Загрузка остановлена: показана запись';
export const NO_WEIGHTS = 'Не удалось загрузить веса модели: показана запись';

/** Rejects with a sentence for the reader, `missing`, whatever went wrong, unless `signal` stopped it; reports the share that has come, 0…1. */
export async function download(path: string, missing: string, onShare?: (share: number) => void, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const url = new URL(`${import.meta.env.BASE_URL.replace(/\/?$/, '/')}${path}`, location.href);
  const failed = (): Error => new Error(signal?.aborted ? STOPPED : missing);
  const response = await fetch(url, signal ? { signal } : {}).catch(() => null);
  if (!response?.ok || !response.body) throw failed();
  const whole = Number(response.headers.get('content-length') ?? 0);
  const parts: Uint8Array[] = [];
  let got = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(() => { throw failed(); });
    if (done) break;
    parts.push(value);
    got += value.length;
    if (whole > 0) onShare?.(Math.min(1, got / whole));
  }
  const out = new Uint8Array(got);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
