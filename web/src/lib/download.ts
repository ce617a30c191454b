// A file of the site by its path under the base, whole; in the page only.

export const NO_WEIGHTS = 'Не удалось загрузить веса модели: показана запись';

/** Rejects with a sentence for the reader, `missing`, whatever went wrong; reports the share that has come, 0…1. */
export async function download(path: string, missing: string, onShare?: (share: number) => void): Promise<Uint8Array<ArrayBuffer>> {
  const url = new URL(`${import.meta.env.BASE_URL.replace(/\/?$/, '/')}${path}`, location.href);
  const response = await fetch(url).catch(() => null);
  if (!response?.ok || !response.body) throw new Error(missing);
  const whole = Number(response.headers.get('content-length') ?? 0);
  const parts: Uint8Array[] = [];
  let got = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(() => { throw new Error(missing); });
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
