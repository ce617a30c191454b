import postcss from 'postcss';
import selectors from 'postcss-selector-parser';

// Which rules of a style sheet can apply to a page: those each step of whose selector can name an element of it. An element has
// the classes that stand in the markup, and whatever words the page's scripts know: those are read as bags of words, so the
// answer errs on the side of keeping.

const WORD = /[\p{L}_][\p{L}\d_-]*/gu;
const INLINE = /<script\b[^>]*>([\s\S]*?)<\/script>/g;

/** What a page can bring forth: the class lists, ids and tags of its markup, and the words of its scripts. */
export function pageNames(html, scripts) {
  const said = new Set(); // by scripts
  for (const text of [...scripts, ...[...html.matchAll(INLINE)].map(([, code]) => code)]) for (const [word] of text.matchAll(WORD)) said.add(word);
  // «tone-» in a script is the beginning of a class it puts together.
  const beginnings = [...said].filter((word) => word.endsWith('-') && word.length > 2);
  const lists = new Set(), others = new Set();
  for (const [, tag] of html.matchAll(/<([a-z][\w-]*)/gi)) others.add(tag.toLowerCase());
  for (const [, id] of html.matchAll(/\sid="([^"]*)"/g)) others.add(id);
  for (const [, list] of html.matchAll(/\sclass="([^"]*)"/g)) lists.add(list);
  const answers = new Map();
  const byScript = (name) => {
    if (!answers.has(name)) answers.set(name, said.has(name) || beginnings.some((start) => name.startsWith(start)));
    return answers.get(name);
  };
  return { html, byScript, others, lists: [new Set(), ...[...lists].map((list) => new Set(list.split(/\s+/)))] };
}

function alive(selector, names) {
  const { byScript } = names;
  let step = []; // the classes one element must have
  const met = () => step.length === 0 || names.lists.some((list) => step.every((name) => list.has(name) || byScript(name)));
  for (const part of selector.nodes) {
    if (part.type === 'combinator') { if (!met()) return false; step = []; }
    else if (part.type === 'class') step.push(part.value);
    else if (part.type === 'id' || part.type === 'tag') { if (!names.others.has(part.value) && !byScript(part.value)) return false; }
    else if (part.type === 'pseudo' && /^:(is|where)$/.test(part.value) && !part.nodes.some((inner) => alive(inner, names))) return false;
  }
  return met();
}

// Starlight and Expressive Code define some two hundred custom properties, of which our pages read a few dozen.
const THEIRS = /^--(__)?(sl|ec)-/;
/** Takes out definitions that no rule, no markup and no script reads; then those that only they had read. */
function dropUnreadProperties(tree, { html, byScript }) {
  for (let dropped = true; dropped;) {
    dropped = false;
    const read = new Set([...tree.toString().matchAll(/var\(\s*(--[\w-]+)/g)].map(([, name]) => name));
    tree.walkDecls(THEIRS, (declaration) => {
      const name = declaration.prop;
      if (read.has(name) || html.includes(name) || byScript(name.slice(2))) return;
      const rule = declaration.parent;
      declaration.remove();
      if (rule.nodes.length === 0) rule.remove();
      dropped = true;
    });
  }
}

const FACES = /@font-face\s*\{[^}]*\}/g;
/** The style sheet without the rules that cannot apply and the faces that no rule asks for. */
export function prune(css, names) {
  const tree = postcss.parse(css);
  const rules = [];
  tree.walkRules((rule) => { rules.push(rule); });
  const seen = new Set(); // the builds for server and browser both bring the kit's styles, word for word: the last one counts
  for (const rule of rules.reverse()) {
    if (rule.parent.type === 'atrule' && rule.parent.name.endsWith('keyframes')) continue;
    let context = '';
    for (let up = rule.parent; up.type !== 'root'; up = up.parent) context += up.type === 'atrule' ? `@${up.name} ${up.params};` : `${up.selector};`;
    const whole = context + rule.toString();
    if (seen.has(whole)) { rule.remove(); continue; }
    seen.add(whole);
    const kept = selectors().astSync(rule.selector).nodes.filter((selector) => alive(selector, names));
    if (kept.length === 0) rule.remove();
    else if (kept.length < rule.selectors.length) rule.selector = kept.join(',');
  }
  dropUnreadProperties(tree, names);
  tree.walkAtRules((rule) => { if (rule.nodes?.length === 0 && rule.name !== 'layer') rule.remove(); });
  const text = tree.toString();
  const rest = text.replace(FACES, '');
  return text.replace(FACES, (rule) => (rest.includes(/font-family:\s*["']?([^;"'}]+)/.exec(rule)[1]) ? rule : ''));
}
