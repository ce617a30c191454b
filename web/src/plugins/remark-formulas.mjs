import { visit } from 'unist-util-visit';

// Several equalities on one line, `a = b,\qquad c = d`: KaTeX lets a line end only after a sign of relation or operation, which is the
// worst place when the next equality could begin a line instead. So each becomes a group, and a line may end between two groups.

const GAP = /\\q?quad(?![A-Za-z])/y;
/** Top-level pieces of a formula between its \quad and \qquad; each with the gap that follows it. */
export function pieces(tex) {
  const found = [];
  let depth = 0, from = 0;
  for (let i = 0; i < tex.length; i += 1) {
    if (tex[i] === '{') depth += 1;
    else if (tex[i] === '}') depth -= 1;
    else if (tex[i] === '\\') {
      if (/^\\(?:begin|left)(?![A-Za-z])/.test(tex.slice(i, i + 7))) depth += 1;
      else if (/^\\(?:end|right)(?![A-Za-z])/.test(tex.slice(i, i + 7))) depth -= 1;
      GAP.lastIndex = i;
      const gap = depth === 0 && GAP.exec(tex);
      if (gap) {
        if (tex.slice(from, i).trim()) found.push({ text: tex.slice(from, i).trim(), gap: gap[0] });
        else if (found.length > 0) found.at(-1).gap += gap[0]; // two gaps in a row
        from = i + gap[0].length;
      }
      i += 1; // \{ is no brace
    }
  }
  if (tex.slice(from).trim()) found.push({ text: tex.slice(from).trim(), gap: '' });
  return found;
}

/** What a sign takes is not counted, only how many there are. */
const length = (tex) => tex.replace(/\\(?:htmlClass|text|mathrm|operatorname\*?|frac|tfrac|bigl?|Bigl?|bigr|Bigr|sqrt)(?![A-Za-z])|[{}^_$&,;!\s]|\\[,;! ]/g, '').replace(/\\[A-Za-z]+/g, 'x').length;
const LONG = 46; // signs that a line of the column holds: a longer piece may break inside

const half = (gap) => gap.replace(/\\q?quad/g, (one) => (one === '\\qquad' ? '\\quad' : '\\enspace'));

export function breakable(tex) {
  const list = pieces(tex);
  if (list.length < 2 || /\\\\/.test(list.map((p) => p.text.replace(/\\begin[^]*?\\end\{\w+\}/g, '')).join(''))) return tex;
  // Half of a gap on either side of the end of a line, so that what is centred stands in the middle.
  return list.map(({ text, gap }, i) => {
    const before = half(list[i - 1]?.gap ?? ''), after = i < list.length - 1 ? `${half(gap)}\\allowbreak` : gap;
    return (length(text) > LONG ? `${before && `{}${before} `}${text}` : `{${before && `${before} `}${text}}`) + after;
  }).join(' ');
}

export default function remarkFormulas() {
  return (tree) => {
    visit(tree, 'math', (node) => {
      const value = breakable(node.value);
      if (value === node.value) return;
      const said = JSON.stringify(node.data).replace(JSON.stringify(node.value), JSON.stringify(value)); // the text stands deep in what remark-math prepared
      node.value = value;
      node.data = JSON.parse(said);
    });
  };
}
