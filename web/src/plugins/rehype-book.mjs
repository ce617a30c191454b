import { rehypeHeadingIds } from '@astrojs/markdown-remark';
import { toString } from 'hast-util-to-string';
import { visit, SKIP } from 'unist-util-visit';

// Headings get a visible link to themselves; a wide table gets a frame of its own to scroll in (page.ts
// puts it into the tab order when it does scroll).
const isMath = (node) => node?.type === 'element' && node.tagName === 'span' && node.properties?.className?.includes?.('katex');
const source = (node) => { let tex = ''; visit(node, 'element', (n) => { if (n.tagName === 'annotation') tex = toString(n); }); return tex; };

/** A formula that may break in its middle must not leave its full stop to the next line: the sign moves into its last unbreakable part. */
function punctuate(formula, after, tail) {
  const sign = /^[,.;:!?]+/.exec(tail)?.[0];
  let last;
  visit(formula, 'element', (n) => { if (n.properties?.className?.includes?.('base')) last = n; });
  if (!sign || !last) return;
  last.children.push({ type: 'element', tagName: 'span', properties: { className: ['tail'] }, children: [{ type: 'text', value: sign }] });
  after.value = after.value.slice(sign.length);
}

/**
 * A browser may break a line on either side of an inline formula, no-break spaces or not: they are atoms to it. A short
 * formula therefore shares an unbreakable span with the preposition before it and the punctuation or dash after it.
 */
function glueFormulas(parent) {
  for (let i = 0; i < parent.children.length; i += 1) {
    const node = parent.children[i];
    if (!isMath(node)) continue;
    const before = parent.children[i - 1], after = parent.children[i + 1];
    const tex = source(node);
    const head = before?.type === 'text' ? /(?:^|(?<=[\s(«]))\S{0,2}\u00a0$|[(«]$/u.exec(before.value)?.[0] ?? '' : '';
    const tail = after?.type === 'text' ? /^(?:[,.;:!?)»…]+|\u00a0—)/u.exec(after.value)?.[0] ?? '' : '';
    const short = tex.replace(/\\[A-Za-z]+/g, 'x').length <= 14;
    if (tex.length > 60 || !(short || ((head || tail) && tex.length < 24))) {
      punctuate(node, after, tail);
      continue;
    }
    if (head) before.value = before.value.slice(0, -head.length);
    if (tail) after.value = after.value.slice(tail.length);
    parent.children[i] = {
      type: 'element', tagName: 'span', properties: { className: ['nb'] },
      children: [head && { type: 'text', value: head }, node, tail && { type: 'text', value: tail }].filter(Boolean),
    };
  }
}

export default function rehypeBook() {
  const ids = rehypeHeadingIds();
  return (tree, file) => {
    ids(tree, file);
    visit(tree, (node, index, parent) => {
      if (isMath(node)) {
        node.properties['data-pagefind-ignore'] = ''; // its signs stand there twice, seen and heard: nobody searches for either
        return SKIP;
      }
      if (node.children && node.type !== 'root' && !node.properties?.className?.includes?.('nb')) glueFormulas(node);
      if (node.type !== 'element') return;
      if (/^h[234]$/.test(node.tagName) && node.properties.id) {
        const title = toString(node);
        node.children.push({
          type: 'element', tagName: 'a',
          properties: { className: ['anchor'], href: `#${node.properties.id}`, ariaLabel: `Ссылка на раздел «${title}»`, 'data-pagefind-ignore': '' },
          children: [], // the sign is drawn by CSS: Astro collects the text of headings after this
        });
        return SKIP;
      }
      if (node.tagName === 'table' && parent && !parent.properties?.className?.includes('table-scroll')) {
        parent.children[index] = {
          type: 'element', tagName: 'div',
          properties: { className: ['table-scroll'] }, children: [node],
        };
        return SKIP;
      }
    });
  };
}
