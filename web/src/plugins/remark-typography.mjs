import { visit, SKIP } from 'unist-util-visit';
import { typography } from '../lib/typography.mjs';

// «QK-матрица», «K-композиция»: the hyphen is no place to break a line when so little stands before it.
const SHORT_PREFIX = /(?<![\p{L}\d-])[\p{L}\d]{1,3}-\p{L}{2,}/gu;

function keepTogether(node, index, parent) {
  const pieces = [];
  let from = 0;
  for (const match of node.value.matchAll(SHORT_PREFIX)) {
    if (match.index > from) pieces.push({ type: 'text', value: node.value.slice(from, match.index) });
    pieces.push({ type: 'emphasis', data: { hName: 'span', hProperties: { className: ['nb'] } }, children: [{ type: 'text', value: match[0] }] });
    from = match.index + match[0].length;
  }
  if (pieces.length === 0) return undefined;
  if (from < node.value.length) pieces.push({ type: 'text', value: node.value.slice(from) });
  parent.children.splice(index, 1, ...pieces);
  return [SKIP, index + pieces.length];
}

// Text nodes only: code, formulas and the attributes of components are left alone.
export default function remarkTypography() {
  return (tree) => {
    visit(tree, (node, index, parent) => {
      if (node.type === 'code' || node.type === 'inlineCode' || node.type === 'math' || node.type === 'inlineMath') return SKIP;
      if (node.type !== 'text') return undefined;
      node.value = typography(node.value);
      return parent.type === 'heading' ? undefined : keepTogether(node, index, parent);
    });
  };
}
