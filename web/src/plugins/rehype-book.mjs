import { rehypeHeadingIds } from '@astrojs/markdown-remark';
import { toString } from 'hast-util-to-string';
import { visit, SKIP } from 'unist-util-visit';

// Headings get a visible link to themselves; a wide table gets a frame of its own to scroll in, reachable from the keyboard.
export default function rehypeBook() {
  const ids = rehypeHeadingIds();
  return (tree, file) => {
    ids(tree, file);
    visit(tree, 'element', (node, index, parent) => {
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
          properties: { className: ['table-scroll'], tabIndex: 0, role: 'region', ariaLabel: 'Таблица' }, children: [node],
        };
        return SKIP;
      }
    });
  };
}
