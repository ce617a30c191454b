import { expect, it } from 'vitest';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import type { RuSmall } from '../ru-small/open.ts';
import { ask, FROM, WINDOWS } from './model';

const T = 130;
const m = { id: 1, tokenizer: { encode: (text: string) => ({ ids: Array.from({ length: text.length }, (_, i) => i) }) } } as unknown as RuSmall;

it('asks for every window three ways, and keeps in sight what each way promises', async () => {
  let asked: Float32Array = new Float32Array();
  const engine = {
    blind: async (_: number, { seen }: { seen: Float32Array }) => {
      asked = seen;
      const K = seen.length / (T * T);
      return { shape: [K, T - 1], data: Float32Array.from({ length: K * (T - 1) }, (_x, i) => Math.floor(i / (T - 1))) };
    },
  } as unknown as RemoteEngine;
  const f = await ask(engine, m, 'x'.repeat(T));
  const n = WINDOWS.length;
  expect(asked.length).toBe((1 + 3 * n) * T * T);
  const at = (k: number, i: number, j: number): number => asked[(k * T + i) * T + j]!;
  const row = (k: number): number[] => Array.from({ length: T }, (_, j) => j).filter((j) => j <= 120 && at(k, 120, j) > 0);
  expect(row(0)).toHaveLength(121);
  expect(row(1)).toEqual([0, 119, 120]); // window 2, ⊢ in sight
  expect(row(1 + n)).toEqual([119, 120]);
  expect(row(1 + 2 * n)).toEqual([1, 119, 120]);
  // Reading k costs k everywhere in this engine: rises are k − 0.
  expect([f.loss, f.kept[0], f.lost[0], f.word[n - 1]]).toEqual([0, 1, 1 + n, 3 * n]);
});
it('refuses a text that no window could hide anything of', async () => {
  await expect(ask({} as RemoteEngine, m, 'x'.repeat(FROM))).rejects.toThrow('текст длиннее');
});
