import { expect, it } from 'vitest';
import { withWeights } from './from-weights';

it('replaces the weights of a snapshot and nothing else', () => {
  const header = JSON.stringify({ 'model.a': { dtype: 'F32', shape: [2], data_offsets: [4, 12] }, 'adamw.m.a': { dtype: 'F32', shape: [1], data_offsets: [0, 4] } });
  const file = new Uint8Array(8 + header.length + 12);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(new TextEncoder().encode(header), 8);
  const parameters = [{ name: 'a', shape: [2], offset: 1 }];
  const out = withWeights(file, parameters, Float32Array.from([9, 1.5, -2]));
  const view = new DataView(out.buffer, 8 + header.length);
  expect([0, 4, 8].map((at) => view.getFloat32(at, true))).toEqual([0, 1.5, -2]);
  expect(file.slice(8 + header.length)).toEqual(new Uint8Array(12));
  expect(() => withWeights(file, [{ name: 'b', shape: [1], offset: 0 }], new Float32Array(1))).toThrow('b');
});
