// A matrix as a tiny PNG used as a CSS mask: the figure is there, in the theme's colours, before
// any script has run. Indexed colour, 4 bits: 16 levels of opacity (PNG 1.2, §4.1.1, tRNS §4.2.1).

const LEVELS = 16;

/** `url(data:image/png;base64,…)` of `width` × `height` pixels with opacity(i) in 0…1, row-major. */
export function stamp(width: number, height: number, opacity: (index: number) => number): string {
  const stride = Math.ceil(width / 2) + 1;
  const raw = new Uint8Array(stride * height); // filter byte 0, then two pixels a byte
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const o = opacity(y * width + x);
      const level = o > 0 ? Math.round(Math.min(1, o) * (LEVELS - 1)) : 0; // NaN → 0
      const at = y * stride + 1 + (x >> 1);
      raw[at] = (raw[at] as number) | (x % 2 === 0 ? level << 4 : level);
    }
  }
  const header = [...be32(width), ...be32(height), 4, 3, 0, 0, 0];
  const palette = new Array<number>(3 * LEVELS).fill(0);
  const alpha = Array.from({ length: LEVELS }, (_, i) => Math.round((255 * i) / (LEVELS - 1)));
  const bytes = [
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a,
    ...chunk('IHDR', header), ...chunk('PLTE', palette), ...chunk('tRNS', alpha), ...chunk('IDAT', stored(raw)), ...chunk('IEND', []),
  ];
  return `url(data:image/png;base64,${base64(bytes)})`;
}

const be32 = (n: number): number[] => [(n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];

function chunk(type: string, data: readonly number[]): number[] {
  const body = [...Array.from(type, (c) => c.charCodeAt(0)), ...data];
  return [...be32(data.length), ...body, ...be32(crc32(body))];
}

/** zlib stream of stored blocks: nothing to compress at these sizes (RFC 1950, RFC 1951 §3.2.4). */
function stored(raw: Uint8Array): number[] {
  const out = [0x78, 0x01];
  for (let at = 0; at < raw.length || at === 0; at += 65535) {
    const part = raw.subarray(at, at + 65535);
    const last = at + part.length >= raw.length ? 1 : 0;
    out.push(last, part.length & 255, part.length >> 8, ~part.length & 255, (~part.length >> 8) & 255, ...part);
  }
  let [a, b] = [1, 0];
  for (const byte of raw) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return [...out, b >> 8, b & 255, a >> 8, a & 255];
}

function crc32(bytes: readonly number[]): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let k = 0; k < 8; k += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

const base64 = (bytes: readonly number[]): string => btoa(bytes.map((b) => String.fromCharCode(b)).join(''));
