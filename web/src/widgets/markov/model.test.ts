import { describe, expect, it } from 'vitest';
import { closest, config, minima, ordered, phases, unpack } from './model';

const run = unpack({ seed: 1, commit: '', steps: [0, 200, 800, 2400], uniform: [0.03, 0.056, 0.119, 0.175], unigram: [0.135, 0.021, 0.078, 0.119], bigram: [0.253, 0.137, 0.059, 0.028] });

describe('strategies', () => {
  it('names the closest', () => expect(run.map(closest)).toEqual(['uniform', 'unigram', 'bigram', 'bigram']));
  it('finds where the closest changes', () => expect(phases(run)).toEqual([{ step: 0, strategy: 'uniform' }, { step: 200, strategy: 'unigram' }, { step: 800, strategy: 'bigram' }]));
  it('orders the minima and notices when they are not', () => {
    expect(minima(run)).toEqual({ uniform: 0, unigram: 200, bigram: 2400 });
    expect(ordered(run)).toBe(true);
    expect(ordered([...run].reverse().map((d, i) => ({ ...d, step: i })))).toBe(false);
  });
  it('asks for the chain of Edelman et al. 2024', () => expect(config(5)).toMatchObject({ task: { kind: 'markov', vocab: 3, length: 64 }, model: { heads: 1, layers: 2, width: 32 }, seed: 5 }));
});
