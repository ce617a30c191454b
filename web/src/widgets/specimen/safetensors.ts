// Reads the F32 tensors of a safetensors file: eight bytes of header length, a JSON header, the data.
import type { TensorData } from '../../../../wasm/client/types.ts';

interface Entry { dtype: string; shape: number[]; data_offsets: [number, number] }

export function readSafetensors(bytes: Uint8Array): Map<string, TensorData> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.byteLength < 8 ? Infinity : Number(view.getBigUint64(0, true));
  if (length + 8 > bytes.byteLength) throw new Error('Файл модели обрывается раньше своего заголовка');
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Record<string, Entry>;
  const out = new Map<string, TensorData>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__' || entry.dtype !== 'F32') continue;
    const [from, to] = entry.data_offsets;
    const size = entry.shape.reduce((a, b) => a * b, 1);
    if (to - from !== 4 * size || 8 + length + to > bytes.byteLength) throw new Error(`Тензор ${name} не той длины, какую обещает его форма`);
    out.set(name, { shape: entry.shape, data: new Float32Array(bytes.slice(8 + length + from, 8 + length + to).buffer) });
  }
  return out;
}
