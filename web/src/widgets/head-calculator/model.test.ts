import { describe, expect, it } from 'vitest';
import { costs, divisors, inBytes, layerWeights, PRESETS, twins } from './model';

const of = (id: string) => PRESETS.find((p) => p.id === id)!;
const KIB = 1024;

describe('costs', () => {
  // Dossier ch. 3: KV bytes per token at 16 bit, from the config files.
  it.each([
    ['gpt2', 36], ['gpt2-xl', 300], ['gpt3', 4.5 * KIB], ['palm', 118], ['llama2-7b', 512], ['llama2-70b', 320], ['falcon-7b', 8], ['mistral-7b', 128],
    ['llama3-8b', 128], ['llama31-405b', 504], ['qwen2-05b', 12], ['qwen3-32b', 256], ['gemma-7b', 448], ['smollm2', 22.5],
  ])('%s keeps %d KiB per token', (id, kib) => expect(costs(of(id), 1, 1, 2).perTokenBytes / KIB).toBe(kib));
  it('DeepSeek-V3 keeps one latent and one rotary key', () => {
    expect(costs(of('deepseek-v3'), 1, 1, 2).perTokenBytes / KIB).toBeCloseTo(68.6, 1);
    expect(costs(of('deepseek-v3'), 131072, 1, 2).cacheBytes / KIB ** 3).toBeCloseTo(8.6, 1);
  });
  it('fills whole contexts', () => {
    expect(costs(of('llama31-405b'), 131072, 1, 2).cacheBytes / KIB ** 3).toBe(63);
    expect(costs(twins(of('llama31-405b'))[0]!.shape, 131072, 1, 2).cacheBytes / KIB ** 3).toBe(1008);
    expect(costs(of('gpt3'), 2048, 1, 2).cacheBytes / KIB ** 3).toBe(9);
  });
  it('counts the weights of a layer', () => {
    expect(layerWeights(of('gpt2'))).toBe(4 * 768 ** 2);
    expect(layerWeights(of('llama3-8b')) / 1e6).toBeCloseTo(41.9, 1);
    expect(layerWeights(of('llama2-7b')) / 1e6).toBeCloseTo(67.1, 1);
    expect(layerWeights(of('gpt3')) / 1e6).toBeCloseTo(604, 0);
    // wq_a + wq_b + wkv_a + wkv_b + wo of the published code.
    expect(layerWeights(of('deepseek-v3'))).toBe(7168 * 1536 + 1536 * 128 * 192 + 7168 * 576 + 512 * 128 * 256 + 128 * 128 * 7168);
  });
  it('multiplies the context and the batch, nothing else', () => {
    const a = costs(of('gpt2'), 100, 1, 2), b = costs(of('gpt2'), 300, 2, 1);
    expect(b.cacheBytes / a.cacheBytes).toBe(3);
    expect(b.contextFlops / a.contextFlops).toBe(3);
    expect(b.projectionFlops).toBe(a.projectionFlops);
  });
  it('a head count changes neither the work over the context nor W_Q and W_O when keys are shared', () => {
    const own = of('llama3-8b'), mha = twins(own)[0]!.shape;
    expect(costs(own, 4096, 1, 2).contextFlops).toBe(costs(mha, 4096, 1, 2).contextFlops);
    expect(layerWeights(mha) - layerWeights(own)).toBe(2 * own.width * own.headWidth * (own.heads - own.kvHeads));
  });
});

it('latent attention is 2.25 groups of its own key width', () => {
  const mla = costs(of('deepseek-v3'), 1, 1, 2).perToken;
  const groups = costs({ ...of('deepseek-v3'), latent: undefined, kvHeads: 1 }, 1, 1, 2).perToken;
  expect(mla / groups).toBe(2.25);
});
it('offers eight groups only where eight divides the heads', () => {
  expect(twins(of('gpt2-xl')).map((t) => t.id)).toEqual(['mha', 'mqa', 'mla']);
  expect(twins(of('llama3-8b')).map((t) => t.id)).toEqual(['mha', 'gqa', 'mqa', 'mla']);
  expect(divisors(12)).toEqual([1, 2, 3, 4, 6, 12]);
});
it('prints binary units', () => {
  expect(inBytes(36 * 1024)).toEqual({ value: 36, unit: 'КиБ' });
  expect(inBytes(63 * 1024 ** 3)).toEqual({ value: 63, unit: 'ГиБ' });
  expect(inBytes(5)).toEqual({ value: 5, unit: 'байт' });
});
