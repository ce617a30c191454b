// Which signs each face of KaTeX is asked for, read from the markup it wrote. The classes and their faces are those of
// katex.css; a class that it does not know falls back to what stands around it, and tests/web/shell.spec.ts finds a sign that
// had to be drawn by a face of the text.
const FACE = [
  ['amsrm mathbb textbb', 'AMS-Regular'], ['mathnormal', 'Math-Italic'], ['boldsymbol', 'Math-BoldItalic'],
  ['mathit textit', 'Main-Italic'], ['mathbf textbf', 'Main-Bold'], ['mainrm mathrm textrm', 'Main-Regular'],
  ['mathcal', 'Caligraphic-Regular'], ['mathfrak textfrak', 'Fraktur-Regular'], ['mathboldfrak textboldfrak', 'Fraktur-Bold'],
  ['mathtt texttt', 'Typewriter-Regular'], ['mathscr textscr', 'Script-Regular'], ['mathsf textsf', 'SansSerif-Regular'],
  ['mathboldsf textboldsf', 'SansSerif-Bold'], ['mathitsf mathsfit textitsf', 'SansSerif-Italic'],
  ['small-op delim-size1', 'Size1-Regular'], ['large-op', 'Size2-Regular'], ['delim-size4', 'Size4-Regular'],
];
const byClass = new Map(FACE.flatMap(([classes, face]) => classes.split(' ').map((name) => [name, `KaTeX_${face}`])));
export const faces = [...new Set(byClass.values()), 'KaTeX_Main-BoldItalic', 'KaTeX_Caligraphic-Bold', 'KaTeX_Size3-Regular'];

function faceOf(list, around) {
  const size = list.includes('delimsizing') && list.find((name) => /^size[1-4]$/.test(name));
  if (size) return `KaTeX_Size${size[4]}-Regular`;
  for (const name of list) if (byClass.has(name)) return byClass.get(name);
  return around;
}
const ENTITY = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' };
const decode = (text) => text.replace(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (whole, hex, dec, name) =>
  (hex ? String.fromCodePoint(parseInt(hex, 16)) : dec ? String.fromCodePoint(Number(dec)) : ENTITY[name] ?? whole));

/** Face → set of signs. Besides formulas, `class="math"` in a drawing asks for their letters. */
export function mathSigns(html) {
  const used = new Map();
  const add = (face, text) => { for (const sign of decode(text)) (used.get(face) ?? used.set(face, new Set()).get(face)).add(sign); };
  for (const { index } of html.matchAll(/<span class="katex-html"/g)) {
    const stack = [];
    const piece = /<(\/?)(\w+)((?:"[^"]*"|[^">])*?)(\/?)>|([^<]+)/g;
    piece.lastIndex = index;
    for (let m = piece.exec(html); m; m = piece.exec(html)) {
      const [, closing, tag, attributes, empty, text] = m;
      if (text !== undefined) { if (!/svg|path/.test(stack.at(-1).tag)) add(stack.at(-1).face, text); continue; }
      if (/^(img|br|path|line)$/.test(tag)) continue; // hold no signs, and some of them have no end
      if (closing) { stack.pop(); if (stack.length === 0) break; continue; }
      const list = /\bclass="([^"]*)"/.exec(attributes)?.[1].split(/\s+/) ?? [];
      if (!empty) stack.push({ tag, face: faceOf(list, stack.at(-1)?.face ?? 'KaTeX_Main-Regular') });
    }
  }
  for (const [, text] of html.matchAll(/<text [^>]*\bclass="math\b[^>]*>([\s\S]*?)<\/text>/g))
    for (const face of ['KaTeX_Math-Italic', 'KaTeX_Main-Regular']) add(face, text.replace(/<[^>]*>/g, ''));
  return used;
}
