// Markup that draws the same in fewer bytes.

/** Calls `made` with each element that begins as `begins` says, from its first tag to the tag that closes it, and puts the answer in its place. */
function elements(html, name, begins, made) {
  let out = '', from = 0;
  for (const { index } of html.matchAll(begins)) {
    if (index < from) continue; // inside the last one
    const tag = new RegExp(`<(/?)${name}\\b[^>]*>`, 'g');
    tag.lastIndex = index;
    let depth = 0, end = index;
    for (let m = tag.exec(html); m; m = tag.exec(html)) {
      depth += m[1] ? -1 : 1;
      if (depth === 0) { end = tag.lastIndex; break; }
    }
    out += html.slice(from, index) + made(html.slice(index, end));
    from = end;
  }
  return out + html.slice(from);
}
/** The visible half of each formula. */
const formulas = (html, made) => elements(html, 'span', /<span class="katex-html"/g, made);

/**
 * KaTeX places each sign by an inline style; a chapter has some two thousand, of which a hundred differ. Those that recur become
 * classes. The rules name both classes around a formula, so as to outweigh KaTeX's own, as a style would.
 */
export function formulaStyles(html) {
  const styled = /<span( class="[^"]*")? style="([^"]*)">/g;
  const lean = (style) => style.replace(/margin-left:0em;/g, '').replace(/;$/, ''); // nothing in KaTeX's sheet sets that margin where it writes 0
  const count = new Map();
  formulas(html, (formula) => { for (const [, , style] of formula.matchAll(styled)) count.set(lean(style), (count.get(lean(style)) ?? 0) + 1); return ''; });
  const names = new Map([...count].filter(([, n]) => n > 2).sort((a, b) => b[1] - a[1]).map(([style], i) => [style, `k${i.toString(36)}`]));
  const made = formulas(html, (formula) => formula.replace(styled, (_, list, whole) => {
    const style = lean(whole), name = names.get(style);
    if (!name) return `<span${list ?? ''} style="${style}">`;
    return list ? `<span${list.slice(0, -1)} ${name}">` : `<span class="${name}">`;
  }));
  return { html: made, css: [...names].map(([style, name]) => `.katex .katex-html .${name}{${style}}`).join('') };
}

// Whose children katex.css addresses by their place (`.vlist > span`, `.mfrac > span > span` …).
const PLACED = /^(?:vlist|mfrac|[clr]lap|inner|delim-size[14]|accent|op-limits|sqrt|col-align-[clr])$/;
/**
 * Takes from formulas the classes that no style names (`mbin`, `mopen` …: KaTeX is done with them when it has set the spaces), and
 * then the spans that say nothing. `known` are the classes of all styles.
 */
export function formulaBones(html, known) {
  return formulas(html, (formula) => {
    const open = []; // { silent, list, up }: whether the span is left out, its classes, the classes of what stands around it
    let out = '';
    for (const [whole, closing, rest, other] of formula.matchAll(/<(\/?)span\b([^>]*)>|([^<]+|<[^>]*>)/g)) {
      if (other !== undefined) { out += other; continue; }
      if (closing) { if (!open.pop().silent) out += whole; continue; }
      const [, before, names] = /^(.*?) class="([^"]*)"/.exec(rest) ?? [null, '', ''];
      const after = names ? rest.slice(before.length + names.length + 9) : rest;
      const list = names.split(' ').filter((name) => known.has(name) || PLACED.test(name));
      const around = open.at(-1);
      const silent = list.length === 0 && !(before + after).trim() && around !== undefined && ![...around.list, ...around.up].some((name) => PLACED.test(name));
      open.push(silent ? { ...around, silent } : { silent, list, up: around?.list ?? [] });
      if (!silent) out += `<span${before}${list.length > 0 ? ` class="${list.join(' ')}"` : ''}${after}>`;
    }
    return out;
  });
}

const LOOKS = / (?:stretchy|minsize|maxsize|fence|separator|lspace|rspace|displaystyle|scriptlevel|columnspacing|rowspacing|columnalign|accent)="[^"]*"| mathvariant="normal"/g;
const ROW = /^(?:math|mrow|mstyle|mtd|msqrt)$/; // whose children stand side by side
/**
 * A formula's MathML is heard and copied, never seen (katex.css hides it), so that how it would look can go: sizes, spaces, and rows
 * around one thing or inside another row. What is an argument (`msup`, `mfrac` …) stays one.
 */
export function heardMath(html) {
  return html.replace(/<math\b[^]*?<\/math>/g, (math) => {
    const open = [];
    let made = '';
    for (const [whole, closing, tag, attributes, empty, text] of math.matchAll(/<(\/?)(\w+)((?: [\w:-]+="[^"]*")*)\s*(\/?)>|([^<]+)/g)) {
      const around = open.at(-1);
      if (text !== undefined) { around.inner += text; continue; }
      if (!closing) {
        open.push({ tag, attributes: attributes.replace(LOOKS, ''), inner: '', children: 0 });
        if (!empty) continue;
      }
      const node = open.pop(), up = open.at(-1);
      const row = node.tag === 'mrow' || (node.tag === 'mstyle' && !node.attributes);
      if (up && ROW.test(up.tag) && (node.tag === 'mspace' || (node.tag === 'mtext' && !node.inner.trim()))) continue;
      const bare = row && up && (node.children === 1 || ROW.test(up.tag));
      const out = bare ? node.inner : `<${row ? 'mrow' : node.tag}${node.attributes}>${node.inner}</${row ? 'mrow' : node.tag}>`;
      if (!up) { made = out; break; }
      up.inner += out;
      up.children += bare ? node.children : 1;
    }
    return made || math;
  });
}

const PLACES = /(\s(x|y|x1|x2|y1|y2|cx|cy|r|rx|ry|width|height|d|points|transform)=")([^"]*\d\.\d{2}[^"]*)"/g;
/** Coordinates in a drawing to a five-thousandth of its width at most: its server wrote them as the machine had them, to sixteen signs. */
export function roundDrawings(html) {
  return html.replace(/<svg\b[^>]*\bviewBox="[-\d.]+ [-\d.]+ ([\d.]+) [\d.]+"[^>]*>[^]*?<\/svg>/g, (drawing, width) => {
    const places = Math.max(1, Math.ceil(Math.log10(5e3 / Number(width))));
    return drawing.replace(PLACES, (_, begin, name, value) => {
      const keep = name === 'transform' && !/^translate\([^)]*\)$/.test(value) ? Math.max(4, places) : places; // a scale or a sine is no place
      return `${begin}${value.replace(/-?\d*\.\d{2,}(?:e-?\d+)?/g, (number) => String(Number(Number(number).toFixed(keep))))}"`;
    });
  });
}

const FIELD = /<select\b[^>]*>[^]*?<\/select>|<textarea\b[^>]*>[^]*?<\/textarea>|<input\b(?![^>]* type="(?:radio|checkbox|range|file|button|hidden)")[^>]*>/g;
/**
 * A browser that fills forms in asks every field of a new page for its place, and lays out the figure around it though it is far below
 * the screen and left without layout (`content-visibility`): a figure each, a third of a chapter's layout. So the fields of figures
 * wait in templates, from where scripts/near.ts takes them before a figure comes near. The first figure may be on the first screen
 * and keeps its own.
 */
export function fieldsWait(html) {
  let seen = 0;
  return elements(html, 'astro-island', /<astro-island\b/g, (island) => (seen++ > 0 && /^[^>]* client="near"/.test(island) ? island.replace(FIELD, '<template data-field>$&</template>') : island));
}
