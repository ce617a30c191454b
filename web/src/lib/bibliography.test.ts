import { describe, expect, it } from 'vitest';
import { parseBibliography } from './bibliography';

const many = `@inproceedings{vaswani2017,
  author = {Vaswani, Ashish and Shazeer, Noam and Parmar, Niki and Uszkoreit, Jakob and Jones, Llion},
  title = {Attention Is All You Need},
  booktitle = {NeurIPS},
  year = {2017},
  eprint = {1706.03762},
}
@article{two2020,
  author = {Kim, A. B. and Lee, C.},
  title = {Two Heads},
  journal = {JMLR},
  year = {2020},
  volume = {3},
  pages = {1--9},
  url = {https://example.org/x},
}`;

describe('bibliography', () => {
  const all = parseBibliography([{ name: '01-head', text: many }]);
  it('cites by author and year, the Russian way', () => {
    expect(all.get('vaswani2017')!.short).toBe('Vaswani и др., 2017');
    expect(all.get('two2020')!.short).toBe('Kim и Lee, 2020');
  });
  it('keeps arXiv numbers and makes a link of them', () => {
    expect(all.get('vaswani2017')).toMatchObject({ imprint: 'NeurIPS. 2017. arXiv:1706.03762.', url: 'https://arxiv.org/abs/1706.03762', authors: 'Vaswani A., Shazeer N., Parmar N. и др.' });
  });
  it('reads «and others»', () => {
    const others = parseBibliography([{ name: 'a', text: many.replace('Kim, A. B. and Lee, C.', 'Kim, A. B. and others') }]).get('two2020')!;
    expect([others.short, others.authors]).toEqual(['Kim и др., 2020', 'Kim A. B. и др.']);
  });
  it('names what has no year without one', () => {
    const repository = parseBibliography([{ name: 'a', text: '@misc{x,\n  title = {Things},\n  author = {{Makers}},\n  howpublished = {GitHub},\n  url = {https://example.org}\n}' }]).get('x')!;
    expect([repository.short, repository.imprint]).toEqual(['Makers', 'GitHub.']);
  });
  it('keeps volume and pages', () => { expect(all.get('two2020')!.imprint).toBe('JMLR. 2020. Т. 3. С. 1–9.'); });
  it('merges equal entries of two chapters and refuses different ones', () => {
    expect(parseBibliography([{ name: 'a', text: many }, { name: 'b', text: many }]).get('two2020')!.files).toEqual(['a', 'b']);
    expect(() => parseBibliography([{ name: 'a', text: many }, { name: 'b', text: many.replace('Two Heads', 'Three Heads') }])).toThrow('two2020');
  });
  it('refuses two keys for one source', () => {
    const again = '@misc{again,\n  title = {Attention Is All You Need},\n  author = {Vaswani, Ashish},\n  year = {2017},\n  eprint = {1706.03762}\n}';
    expect(() => parseBibliography([{ name: 'a', text: many }, { name: 'b', text: again }])).toThrow('vaswani2017 (a) и again (b)');
  });
});
