import { describe, expect, it } from 'vitest';
import { answers } from './search-match';

describe('what counts as an answer to a search', () => {
  it('keeps a word in another form, a short symbol and a slip of the pen', () => {
    expect(answers('индукционная голова', ['индукционной', 'головы.'])).toBe(true);
    expect(answers('KV', ['KV-кэш'])).toBe(true);
    expect(answers('z', ['Z.,'])).toBe(true);
    expect(answers('голвоа', ['голову'])).toBe(true);
    expect(answers('поворочённый счёт', ['счет'])).toBe(true);
    expect(answers('2402.17762', ['arXiv:2402.17762.'])).toBe(true);
  });
  it('leaves out what shares only a letter with the question', () => {
    expect(answers('zzzzqq', ['Z.,', 'z'])).toBe(false);
    expect(answers('а'.repeat(10_000), ['а'])).toBe(false);
  });
});
