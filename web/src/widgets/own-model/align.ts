// Where a token of somebody else's tokenizer stands in the text. The library gives no offsets; the tokens' own bytes do.

export type Span = [begin: number, end: number]; // UTF-16; [0, 0]: nowhere in the text

/** GPT-2's alphabet of printable stand-ins for the 256 bytes (bytes_to_unicode in its encoder.py), read backwards. */
const BYTES: ReadonlyMap<string, number> = (() => {
  const printable = [[33, 126], [161, 172], [174, 255]].flatMap(([a, b]) => Array.from({ length: b! - a! + 1 }, (_, i) => a! + i));
  const map = new Map(printable.map((byte) => [String.fromCharCode(byte), byte]));
  let next = 256;
  for (let byte = 0; byte < 256; byte += 1) if (!printable.includes(byte)) map.set(String.fromCharCode(next++), byte);
  return map;
})();

const utf8 = new TextEncoder();

/** The bytes a token stands for: spelt byte by byte (GPT-2, Qwen, LLaMA 3), or as text with ▁ for a space or ## for «goes on». */
export function bytesOf(token: string, byteLevel: boolean): Uint8Array {
  if (byteLevel) {
    const bytes = Array.from(token, (c) => BYTES.get(c));
    return bytes.every((b) => b !== undefined) ? Uint8Array.from(bytes as number[]) : utf8.encode(token);
  }
  const byte = /^<0x([0-9A-F]{2})>$/.exec(token);
  return byte ? Uint8Array.of(parseInt(byte[1]!, 16)) : utf8.encode(token.replace(/^##/, '').replaceAll('▁', ' '));
}

/** What the reader sees of a token: its text, or its bytes when they are only a part of a character. */
export function labelOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Array.from(bytes, (b) => `‹${b.toString(16).toUpperCase().padStart(2, '0')}›`).join('');
  }
}

/** For each byte of the text: the character that holds it. */
function characters(text: string): Span[] {
  const at: Span[] = [];
  let begin = 0;
  for (const character of text) {
    const span: Span = [begin, begin + character.length];
    for (let i = utf8.encode(character).length; i > 0; i -= 1) at.push(span);
    begin += character.length;
  }
  return at;
}

const SPACE = 0x20;

/**
 * Spans of tokens in the text; null marks a special token. Lengths are followed rather than letters, so that lower-casing and
 * stripped accents do not matter; whether it comes out even at the end says whether that was right. null: it did not.
 */
export function align(text: string, pieces: readonly (Uint8Array | null)[]): Span[] | null {
  const at = characters(text);
  const blank = (i: number): boolean => /^\s$/u.test(text.slice(...(at[i] ?? [0, 0])));
  let next = 0;
  const spans = pieces.map((piece): Span => {
    if (!piece || piece.length === 0) return [0, 0];
    const led = piece[0] === SPACE;
    const bare = led && !blank(next) ? piece.slice(1) : piece; // a space that the tokenizer put in front by itself
    if (!led) while (next < at.length && blank(next) && !/^\s/u.test(labelOf(piece))) next += 1; // one that it dropped
    if (bare.length === 0) return [0, 0];
    const first = at[next];
    const last = at[next + bare.length - 1];
    next += bare.length;
    return first && last ? [first[0], last[1]] : [0, 0];
  });
  while (next < at.length && blank(next)) next += 1;
  return next === at.length ? spans : null;
}
