// A file of a shipped model, with the reader's share of it as it comes.
const MISSING = 'Не удалось загрузить русскую модель: показана запись';

export async function download(path: string, onShare?: (share: number) => void): Promise<Uint8Array<ArrayBuffer>> {
  const url = new URL(`${import.meta.env.BASE_URL.replace(/\/?$/, '/')}${path}`, location.href);
  const response = await fetch(url).catch(() => null);
  if (!response?.ok || !response.body) throw new Error(MISSING);
  const whole = Number(response.headers.get('content-length') ?? 0);
  const parts: Uint8Array[] = [];
  let got = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(() => { throw new Error(MISSING); });
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
