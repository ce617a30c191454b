import { describe, expect, it } from 'vitest';
import katex from 'katex';
import { pageNames, prune } from '../plugins/lean-css.mjs';
import { mathSigns } from '../plugins/lean-math.mjs';
import { plainCode } from '../plugins/lean-code.mjs';
import { fieldsWait, formulaBones, formulaStyles, heardMath, roundDrawings } from '../plugins/lean-markup.mjs';
import { inlineStyles, ownFaces, renameFaces, splitFaces, withoutScaffolding } from '../plugins/lean.mjs';
import { direct, partsOf } from '../plugins/vite-lean-kit.mjs';

const page = '<main id="top"><p class="note wide">tone</p></main>';
const kept = (css: string, scripts: string[] = []): string => prune(css, pageNames(page, scripts));

describe('the styles of a page', () => {
  it('keep what its markup names and drop the rest', () => {
    expect(kept('.note{a:b}.gone{a:b}#top p{a:b}#bottom{a:b}table{a:b}')).toBe('.note{a:b}#top p{a:b}');
    expect(kept('.note,.gone{a:b}')).toBe('.note{a:b}');
    expect(kept('p:hover{a:b}p::before{a:b}:root{a:b}*{a:b}[data-x]{a:b}')).toBe('p:hover{a:b}p::before{a:b}:root{a:b}*{a:b}[data-x]{a:b}');
  });
  it('take a word of the prose for no class', () => expect(kept('.tone{a:b}')).toBe(''));
  it('want all classes of one step on one element', () => {
    expect(kept('.note.wide{a:b}')).toBe('.note.wide{a:b}');
    expect(prune('.a.b{c:d}.a .b{c:d}', pageNames('<p class="a"></p><p class="b"></p>', []))).toBe('.a .b{c:d}');
  });
  it('keep what a script may add, also by a beginning', () => {
    expect(kept('.note.open{a:b}.tone-q{a:b}.other{a:b}', ['el.classList.toggle("open"); `tone-${x}`'])).toBe('.note.open{a:b}.tone-q{a:b}');
  });
  it('look into :is and :where, not into :not', () => {
    expect(kept(':where(.gone,.note){a:b}:is(.gone){a:b}p:not(.gone){a:b}')).toBe(':where(.gone,.note){a:b}p:not(.gone){a:b}');
  });
  it('keep the last of equal rules, and conditions apart', () => {
    expect(kept('.note{a:b}.note{a:c}.note{a:b}@media print{.note{a:b}}@media screen{.gone{a:b}}')).toBe('.note{a:c}.note{a:b}@media print{.note{a:b}}');
  });
  it('keep key frames and only the faces that are asked for', () => {
    const css = '@font-face{font-family:A;src:url(a)}@font-face{font-family:"B b";src:url(b)}@keyframes turn{from{a:b}}.note{font-family:"B b"}';
    expect(kept(css)).toBe('@font-face{font-family:"B b";src:url(b)}@keyframes turn{from{a:b}}.note{font-family:"B b"}');
  });
  it('stand where the first link stood, those for print among them', () => {
    const html = `<link rel="stylesheet" href="/p.css" media="print"><title>t</title><link rel="stylesheet" href="/b.css">${page}`;
    const sheets: Record<string, string> = { '/p.css': '@media print{.note{a:b}.gone{a:b}}', '/b.css': '.wide{c:d}' };
    expect(inlineStyles(html, (href: string) => sheets[href], [])).toBe(`<style>@media print{.note{a:b}}\n.wide{c:d}</style><title>t</title>${page}`);
  });
  it('lose the properties of Starlight that nothing reads, and none of ours', () => {
    const css = ':root{--sl-a:1;--sl-b:var(--sl-c);--sl-c:2;--sl-d:3;--sl-e:4;--ours:5}.note{x:var(--sl-d)}';
    expect(kept(css, ['style.setProperty("--sl-e", 1)'])).toBe(':root{--sl-d:3;--sl-e:4;--ours:5}.note{x:var(--sl-d)}');
    expect(prune(':root{--sl-a:1}', pageNames('<p style="x:var(--sl-a)"></p>', []))).toBe(':root{--sl-a:1}');
    expect(kept('.note{--sl-a:1}')).toBe('');
  });
  it('name faces as they were cut, and drop those nobody needs', () => {
    expect(renameFaces('@font-face{src:url(x.1.woff2)}@font-face{src:url(y.1.woff2)}', new Map([['x.1.woff2', 'x.2.woff2'], ['y.1.woff2', null]]))).toBe('@font-face{src:url(x.2.woff2)}');
    expect(ownFaces('@font-face{src:url(x.2.woff2)}@font-face{src:url(y.2.woff2)}', [{ beside: 'x.2.woff2', file: 'x.3.woff2', range: 'U+222b' }])).toBe('@font-face{src:url(x.2.woff2)}@font-face{src:url(x.3.woff2);unicode-range:U+222b}@font-face{src:url(y.2.woff2)}');
  });
});

describe('what a page leaves in the workshop', () => {
  it('is the TeX of a formula, not its MathML', () => {
    const formula = katex.renderToString('a^2', { output: 'htmlAndMathml' });
    const made = withoutScaffolding(formula);
    expect(made).not.toContain('annotation');
    expect(made).toContain('<msup><mi>a</mi><mn>2</mn></msup></math>');
    expect(made.slice(made.indexOf('katex-html'))).toBe(formula.slice(formula.indexOf('katex-html')));
  });
  it('is how the MathML of a formula would look, but not what it says', () => {
    const said = (tex: string): string => heardMath(/<math[^]*<\/math>/.exec(katex.renderToString(tex, { output: 'mathml' }))![0].replace(/<\/?semantics>|<annotation[^]*?<\/annotation>| xmlns="[^"]*"/g, ''));
    expect(said('\\left(a\\right)\\quad {b=c}')).toBe('<math><mo>(</mo><mi>a</mi><mo>)</mo><mi>b</mi><mo>=</mo><mi>c</mi></math>');
    expect(said('{x}^{a+b}')).toBe('<math><msup><mi>x</mi><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow></msup></math>');
    expect(said('\\frac{}{a\\,b}')).toBe('<math><mfrac><mrow></mrow><mrow><mi>a</mi><mi>b</mi></mrow></mfrac></math>');
    expect(said('\\mathbb R')).toBe('<math><mi mathvariant="double-struck">R</mi></math>');
  });
  it('is a reference that the list of sources says again', () => {
    const cite = (key: string): string => `<a class="cite" href="/b/#${key}" data-full="F. T. 2020.">F, 2020</a>`;
    const list = '<li class="source" id="source-f2020">F. T. 2020.</li>';
    expect(withoutScaffolding(cite('f2020') + cite('g2021') + list)).toBe(`<a class="cite" href="/b/#f2020">F, 2020</a>${cite('g2021')}${list}`);
  });
});

describe('the signs of formulas', () => {
  const signs = (tex: string, face: string): string => [...(mathSigns(katex.renderToString(tex, { output: 'htmlAndMathml' })).get(`KaTeX_${face}`) ?? [])].sort().join('');
  it('go to the face that draws them', () => {
    expect(signs('x + 1 < \\alpha', 'Math-Italic')).toBe('xα');
    expect(signs('x + 1 < \\alpha', 'Main-Regular')).toBe('+1<');
    expect(signs('\\mathbb{R}\\mathcal{L}', 'AMS-Regular')).toBe('R');
    expect(signs('\\mathbb{R}\\mathcal{L}', 'Caligraphic-Regular')).toBe('L');
    expect(signs('\\textstyle\\sum x', 'Size1-Regular')).toBe('∑');
    expect(signs('\\displaystyle\\sum x', 'Size2-Regular')).toBe('∑');
    expect(signs('\\big( x \\big)', 'Size1-Regular')).toBe('()');
    expect(signs('\\mathbf{W}', 'Main-Bold')).toBe('W');
    // After a drawn sign (a path of its own) the rest still counts.
    const html = '<span class="katex-html"><span><svg><path d="M0"></path></svg></span><span class="delimsizing size4">{</span></span>';
    expect([...mathSigns(html).get('KaTeX_Size4-Regular')!]).toEqual(['{']);
    expect(signs('\\operatorname{softmax}', 'Main-Regular')).toBe('afmostx');
  });
  it('include the letters of drawings', () => expect([...mathSigns('<svg><text x="1" class="math z">W<tspan>Q</tspan></text></svg>').get('KaTeX_Math-Italic')!].join('')).toBe('WQ'));
});

describe('faces', () => {
  const face = (family: string, src: string): string => `@font-face{font-family:${family};src:${src}}`;
  it('that are files wait for the first paint; those of the reader\'s machine do not', () => {
    const css = `${face('A', 'url(/a.woff2)')}p{a:b}${face('B', 'url(/b.woff2)')}${face('C', 'local(C)')}`;
    const { now, later } = splitFaces(css);
    expect(now).toBe(`p{a:b}${face('C', 'local(C)')}`);
    expect(later).toBe(face('A', 'url(/a.woff2)') + face('B', 'url(/b.woff2)'));
  });
  it('are named without scripts as well, and once', () => {
    const made = inlineStyles('<link rel="stylesheet" href="/a.css"><p class="x"></p>', () => `${face('A', 'url(/a.woff2)')}.x{font-family:A}`, []);
    expect(made).toContain(`<noscript id="faces"><style>${face('A', 'url(/a.woff2)')}</style></noscript><script>`);
    expect(made.split('/a.woff2')).toHaveLength(2);
    const script = /<script>([^]*?)<\/script>/.exec(made)![1]!;
    expect(() => new Function(script)).not.toThrow(); // it is put on one line
    expect(script).toContain('changeFaces');
  });
});

describe('a listing', () => {
  const plain = '--0:#0e1116;--1:#f0f3f6', red = '--0:#A0111F;--1:#FF9492';
  const block = (lines: string): string => `<div class="expressive-code"><script type="module" src="/ec.js"></script><figure class="frame not-content"><figcaption class="header"></figcaption>`
    + `<pre data-language="python" class="wrap" style="--ecMaxLine:9ch"><code>${lines}</code></pre><div class="copy"><button data-code="x"><div></div></button></div></figure></div>`;
  const line = (tokens: string, indent = ''): string => `<div class="ec-line"${indent}><div class="code">${tokens}</div></div>`;
  it('keeps its text, its colours and its indentation', () => {
    const { html, css } = plainCode(block(
      line(`<span style="${red}">def</span><span style="${plain}"> </span><span style="${plain}">f():</span>`)
      + line(`<span class="indent"><span style="${plain}">    </span></span><span style="${plain}">a</span><span style="${red}">=</span><span style="${red}">-</span>`, ' style="--ecIndent:4ch"')
      + line('\n')));
    expect(html).toBe('<div class="listing"><pre data-language="python"><code><span><span class="tok0">def </span>f():\n</span><span style="--i:4">    a<span class="tok0">=-</span>\n</span><span>\n</span></code></pre></div>');
    expect(css).toBe('.tok0{color:#a0111f}[data-theme=dark] .tok0{color:#ff9492}');
  });
  it('with what this course does not use stays as it was', () => {
    for (const other of [block('<div class="ec-line mark"><div class="code"></div></div>'), block(line('<a href="x">x</a>')), block('').replace('class="header">', 'class="header">имя')])
      expect(plainCode(other).html).toBe(other);
  });
});

describe('lighter markup', () => {
  it('names the places of signs that recur, inside of formulas only', () => {
    const formula = (): string => katex.renderToString('a_1+a_2+a_3', { output: 'html' });
    const aside = '<span style="height:0.3011em;">x</span>';
    const { html, css } = formulaStyles(formula() + aside);
    expect(html.endsWith(aside)).toBe(true);
    const rules = new Map([...css.matchAll(/\.katex \.katex-html \.(\w+)\{([^}]*)\}/g)].map(([, name, style]) => [name, style]));
    expect(rules.size).toBeGreaterThan(2);
    // Put back, every span has the style that KaTeX gave it.
    const back = html.replace(/<span class="([^"]*?) ?(k[\da-z]+)">/g, (whole, list, name) => (rules.has(name) ? `<span${list && ` class="${list}"`} style="${rules.get(name)}">` : whole));
    const bare = (text: string): string => text.replace(/margin-left:0em;/g, '').replace(/;"/g, '"');
    expect(bare(back)).toBe(bare(formula() + aside));
  });
  it('drops what no style names and keeps what a style finds by its place', () => {
    const known = new Set(['katex', 'katex-html', 'base', 'strut', 'mathnormal', 'vlist', 'vlist-t', 'vlist-r', 'pstrut', 'mfrac', 'frac-line', 'sym-q']);
    const formula = katex.renderToString('\\frac{(1+a)}{2}', { output: 'html' });
    const made = formulaBones(formula, known);
    const signs = (text: string): string => text.replace(/<[^>]*>/g, '');
    expect(signs(made)).toBe(signs(formula));
    expect(made).not.toMatch(/mord|mopen|mbin/);
    expect(made).toMatch(/<span class="pstrut"[^>]*><\/span><span>2<\/span>/); // `.mfrac > span > span`, `.vlist > span > span`
    expect(made.match(/<span\b/g)!.length).toBe(made.match(/<\/span>/g)!.length);
    expect(formulaBones('<span class="katex-html"><span class="base"><span class="mopen">(</span><span class="mord"><span class="mord sym-q">Q</span></span></span></span><span class="mopen">(</span>', known))
      .toBe('<span class="katex-html"><span class="base">(<span class="sym-q">Q</span></span></span><span class="mopen">(</span>');
  });
  it('rounds coordinates by the size of the drawing and nothing that is read', () => {
    const drawing = (size: number): string => `<svg viewBox="0 0 ${size} 1"><rect x="1.23456789" d="M1e-7 -0.0004321e2L0.66666667.5" class="a"></rect><title>1.23456789</title></svg>`;
    expect(roundDrawings(drawing(700))).toContain('x="1.2"');
    expect(roundDrawings(drawing(1))).toContain('x="1.2346"');
    expect(roundDrawings(drawing(700))).toContain('<title>1.23456789</title>');
    expect(roundDrawings('<svg viewBox="0 0 700 9"><path d="M7.4e-5 -12.34567L-0.0001 .66666 1.2e-05"></path></svg>')).toBe('<svg viewBox="0 0 700 9"><path d="M7.4e-5 -12.3L0 0.7 1.2e-05"></path></svg>');
    expect(roundDrawings('<svg viewBox="0 0 700 9"><g transform="translate(1.26 3.333)"></g><g transform="rotate(1.23456) scale(0.0625)"></g></svg>')).toBe('<svg viewBox="0 0 700 9"><g transform="translate(1.3 3.3)"></g><g transform="rotate(1.2346) scale(0.0625)"></g></svg>');
    expect(roundDrawings('<p width="1.23456789"></p>')).toBe('<p width="1.23456789"></p>');
  });
});

describe('an import from the index of the kit', () => {
  const parts = partsOf("export { fmt } from './fmt';\nexport { bool, type Codec } from './codecs';\nexport { default as Widget } from './Widget.svelte';\nexport type { Badge } from './types';\n");
  it('becomes one from where the part lives, its styles with it; types stay', () => {
    expect(direct("  import { Widget, fmt as f, type Badge } from '../../kit';", parts, '/kit/'))
      .toBe("  import '/kit/kit.css'; import { default as Widget } from '/kit/Widget.svelte'; import { fmt as f } from '/kit/fmt'; import { type Badge } from '../../kit';");
    expect(direct("import { fmt } from '../../kit/fmt';", parts, '/kit/')).toBe("import { fmt } from '../../kit/fmt';");
  });
});

describe('fields of figures wait until a figure is near', () => {
  const island = (inner: string, client = 'near'): string => `<astro-island client="${client}" ssr>${inner}</astro-island>`;
  const field = '<input type="number" value="7">', wait = `<template data-field>${field}</template>`;
  it('in all figures but the first', () => expect(fieldsWait(island(field) + island(field))).toBe(island(field) + island(wait)));
  it('choices with their list, and longer texts', () => {
    expect(fieldsWait(island('') + island('<select><option>a</option></select><textarea rows="4">b</textarea>')))
      .toBe(island('') + island('<template data-field><select><option>a</option></select></template><template data-field><textarea rows="4">b</textarea></template>'));
  });
  it('but not what a form-filler does not ask for, nor what is woken otherwise, nor what is no figure', () => {
    const kept = island('') + island('<input type="radio" name="a"><input class="x" type="checkbox"><input min="0" type="range">') + island(field, 'load') + field;
    expect(fieldsWait(kept)).toBe(kept);
  });
  it('once, in a figure within a figure', () => expect(fieldsWait(island('') + island(island(field) + field))).toBe(island('') + island(island(wait) + wait)));
});
