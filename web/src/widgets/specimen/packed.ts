// Tables in recordings: one byte a cell, base64. Weights keep 1/255, signed tables 1/127 of their largest value.
export interface Packed {
  /** Value of the largest code. */
  max: number;
  signed: boolean;
  codes: string;
}

export function pack(values: ArrayLike<number>, signed = false): Packed {
  let max = 0;
  for (let i = 0; i < values.length; i += 1) if (Number.isFinite(values[i])) max = Math.max(max, Math.abs(values[i] as number));
  const top = signed ? 127 : 255;
  const bytes = Uint8Array.from(values, (v) => {
    const code = max === 0 || !Number.isFinite(v) ? 0 : Math.round((v / max) * top);
    return signed ? code + 128 : Math.max(0, code);
  });
  let text = '';
  for (const b of bytes) text += String.fromCharCode(b);
  return { max: Number(max.toPrecision(6)), signed, codes: btoa(text) };
}

export function unpack({ max, signed, codes }: Packed): Float32Array {
  const text = atob(codes);
  return Float32Array.from(text, (c) => (signed ? ((c.charCodeAt(0) - 128) / 127) * max : (c.charCodeAt(0) / 255) * max));
}
