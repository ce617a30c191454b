import { describe, expect, it } from 'vitest';
import { typography } from './typography.mjs';
import { minutes } from './russian';
import { coverCells } from './cover';
import { glossary, glossaryAnchor } from './glossary';
import { SECTIONS, sectionProblem } from '../plugins/remark-chapter.mjs';
import { closure, policy } from '../plugins/offline.mjs';
import { codeProblems, decimalPoints, silentHeading, textProblems } from '../../scripts/lint-rules.mjs';

const show = (text: string): string => typography(text).replaceAll('\u00a0', '_');

describe('typography', () => {
  it('keeps short words, numbers and dashes from breaking away', () => {
    expect(show('в слое и к нему')).toBe('в_слое и_к_нему');
    expect(show('слово - это')).toBe('слово_— это');
    expect(show('ширина — это')).toBe('ширина_— это');
  });
  it('keeps the thousands of one number together, and two numbers apart', () => {
    expect(show('на 131 072 токенах и 5 158 раз')).toContain('131_072');
    expect(show('всего 1 064 960 чисел')).toContain('1_064_960');
    expect(show('слои 12 1024 ячейки')).toContain('12 1024');
  });
  it('keeps a percent sign with its number', () => { expect(show('доходит до 75 % предела')).toBe('доходит до_75_% предела'); });
  it('keeps the spaces that belong to neighbouring nodes', () => {
    expect(show('смотрит в ')).toBe('смотрит в_');
    expect(show(' и пишет')).toBe(' и_пишет');
    expect(show(' — оценки')).toBe('_— оценки');
  });
  it('leaves code-like text alone', () => { expect(show('a - b in x')).toBe('a - b in x'); });
});

it('declines minutes', () => { expect([1, 2, 5, 11, 22, 25].map((n) => minutes(n).split('\u00a0')[1])).toEqual(['минута', 'минуты', 'минут', 'минут', 'минуты', 'минут']); });

it('draws the cover by its rule', () => {
  const cells = coverCells('абаб');
  expect(cells[2]).toEqual(['open', 'both', 'open', 'masked']); // «а» again: what followed the first «а» is also the previous letter
  expect(cells[3]).toEqual(['open', 'open', 'both', 'open']);
});

it('finds terms under all their English names, and the glossary obeys itself', () => {
  expect(glossaryAnchor('RoPE')).toBe(glossaryAnchor('rotary position embedding'));
  expect(glossaryAnchor('nonsense')).toBeUndefined();
  for (const { ru, text } of glossary) expect(textProblems(`${ru}. ${text}`)).toEqual([]);
});

describe('chapter sections', () => {
  it('accepts the order and names what is wrong', () => {
    expect(sectionProblem([...SECTIONS])).toBeNull();
    expect(sectionProblem(SECTIONS.slice(0, 4))).toContain('В реальных моделях');
    expect(sectionProblem([...SECTIONS, 'Ещё'])).toContain('Ещё');
    expect(sectionProblem(['Математика', ...SECTIONS.slice(1)])).toContain('Суть вопроса');
  });
});

describe('offline lists', () => {
  it('follows names from file to file', () => {
    const texts = new Map([['p/index.html', 'src="/_astro/a.1.js"'], ['_astro/a.1.js', 'import"./b.2.js"'], ['_astro/b.2.js', 'new URL("core/attn.wasm")']]);
    const names: [string, string][] = [['a.1.js', '_astro/a.1.js'], ['b.2.js', '_astro/b.2.js'], ['c.3.js', '_astro/c.3.js'], ['core/attn.wasm', 'core/attn.wasm']];
    expect([...closure('p/index.html', names, texts)]).toEqual(['_astro/a.1.js', '_astro/b.2.js', 'core/attn.wasm']);
  });
  it('hashes inline scripts and nothing else', () => {
    expect(policy('<script>1</script><script src="x"></script>').match(/sha256-/g)).toHaveLength(1);
  });
});

describe('lint rules', () => {
  it.each(['трансформатор', 'батч из восьми', 'головка внимания', 'файн-тюнинг', 'каузальная маска', 'стоит отметить', 'еще раз', 'остается', 'слово "в кавычках"', 'слово - дело'])('catches «%s»', (bad) => { expect(textProblems(bad)).not.toEqual([]); });
  it.each(['рождается', 'обсуждается', 'вдалеке', 'скорость', 'голоса', 'лоск', '«в ёлочках»', 'ожидается', 'приближается', 'обученный'])('accepts «%s»', (good) => { expect(textProblems(good)).toEqual([]); });
  it('knows decimals from names, sections and heads', () => {
    expect(decimalPoints('доля 0.96 и голова 5.1, GPT-3.5, разд. 3.2, § 4.1, Llama 3.1')).toEqual(['0.96']);
    expect(decimalPoints('без головы 0.1 точность 0.96, без 0.0 и без 1.11 — прежняя')).toEqual(['0.96']);
    expect(decimalPoints('шаг 0.3 велик')).toEqual(['0.3']);
  });
  it('hears a heading only where it has words', () => {
    const text = (value: string) => ({ type: 'text', value }), formula = { type: 'inlineMath', value: 'n' };
    expect(silentHeading({ type: 'tableCell', children: [] })).toBe(true);
    expect(silentHeading({ type: 'tableCell', children: [formula] })).toBe(true);
    expect(silentHeading({ type: 'tableCell', children: [text('длина '), formula] })).toBe(false);
    expect(silentHeading({ type: 'tableCell', children: [{ type: 'emphasis', children: [text('L')] }] })).toBe(false);
  });
  it('catches random numbers and foreign hosts', () => {
    // Assembled, so that the lint does not catch its own test.
    expect(codeProblems(`const x = Math.${'random'}()`)).toHaveLength(1);
    expect(codeProblems(`fetch('https:${'//'}cdn.example/x')`)).toHaveLength(1);
    expect(codeProblems(`<a href="https:${'//'}arxiv.org">`)).toEqual([]);
  });
});
