import { visit, SKIP } from 'unist-util-visit';
import { typography } from '../lib/typography.mjs';

// Text nodes only: code, formulas and the attributes of components are left alone.
export default function remarkTypography() {
  return (tree) => {
    visit(tree, (node) => {
      if (node.type === 'code' || node.type === 'inlineCode' || node.type === 'math' || node.type === 'inlineMath') return SKIP;
      if (node.type === 'text') node.value = typography(node.value);
    });
  };
}
