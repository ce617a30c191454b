// A trainer that starts from given weights: a snapshot of a fresh trainer (core/attn/train/snapshot.cpp: safetensors, "model.<name>") in which
// the weights are replaced and nothing else.
import type { ParameterInfo } from '../../../../wasm/client/types';

interface Entry { data_offsets: [number, number] }

export function withWeights(snapshot: Uint8Array, parameters: readonly ParameterInfo[], weights: Float32Array): Uint8Array {
  const out = snapshot.slice();
  const view = new DataView(out.buffer, out.byteOffset, out.byteLength);
  const header = Number(view.getBigUint64(0, true));
  const entries = JSON.parse(new TextDecoder().decode(out.subarray(8, 8 + header))) as Record<string, Entry | undefined>;
  for (const { name, shape, offset } of parameters) {
    const size = shape.reduce((a, b) => a * b, 1);
    const entry = entries[`model.${name}`];
    if (!entry || entry.data_offsets[1] - entry.data_offsets[0] !== 4 * size) throw new Error(`the snapshot has no ${name} of ${size} numbers`);
    const at = 8 + header + entry.data_offsets[0];
    for (let i = 0; i < size; i += 1) view.setFloat32(at + 4 * i, weights[offset + i]!, true);
  }
  return out;
}
