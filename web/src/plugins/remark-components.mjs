import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'acorn';
import { visit } from 'unist-util-visit';

// In a chapter a component is named and nothing else: `<HeadLab client:visible />`. This plugin finds where it lives
// and adds the import:
//   web/src/components/Name.astro          build-time pieces of prose (Excerpt, Cite, Figure …)
//   web/src/kit/**/Name.svelte             shared interactive pieces (Predict, Choice, Questions …)
//   web/src/widgets/kebab-name/Name.svelte a chapter's own experiments
// A name found nowhere fails the build and says where it was used.
const src = fileURLToPath(new URL('../', import.meta.url));

function* walk(folder) {
  if (!fs.existsSync(folder)) return;
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const full = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(full);
    else yield full;
  }
}

export function knownComponents() {
  const known = new Map();
  const add = (file) => {
    const name = path.basename(file).replace(/\.(astro|svelte)$/, '');
    if (/^[A-Z]/.test(name) && !known.has(name)) known.set(name, file);
  };
  for (const file of walk(path.join(src, 'components'))) if (file.endsWith('.astro')) add(file);
  for (const folder of ['kit', 'widgets']) for (const file of walk(path.join(src, folder))) if (file.endsWith('.svelte')) add(file);
  return known;
}

const kebab = (name) => name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();

export default function remarkComponents() {
  return (tree, file) => {
    if (!file.path?.endsWith('.mdx')) return;
    const imported = new Set();
    visit(tree, 'mdxjsEsm', (node) => {
      for (const statement of node.data?.estree?.body ?? [])
        if (statement.type === 'ImportDeclaration') for (const s of statement.specifiers) imported.add(s.local.name);
    });
    const known = knownComponents();
    const wanted = new Map();
    visit(tree, ['mdxJsxFlowElement', 'mdxJsxTextElement'], (node) => {
      if (!node.name || !/^[A-Z]/.test(node.name)) return;
      for (const attribute of node.attributes) {
        // `key` never reaches a component in JSX: it is React's. Citations may still be written with it.
        if (attribute.name === 'key') attribute.name = 'cite';
        // A figure waits for a reader, not only for the viewport: src/scripts/near.ts.
        if (attribute.name === 'client:visible') attribute.name = 'client:near';
      }
      if (imported.has(node.name)) return;
      const home = known.get(node.name);
      if (!home && process.env.COURSE_DRAFT) {
        // A widget that is still being written must not stop the others from seeing their pages.
        console.warn(`${file.path}: компонента <${node.name}> ещё нет`);
        Object.assign(node, { name: 'p', attributes: [], children: [{ type: 'text', value: `[${node.name}]` }] });
        return;
      }
      if (!home)
        file.fail(
          `компонент <${node.name}> не найден: нет ни web/src/components/${node.name}.astro, ни web/src/kit/**/${node.name}.svelte, ни web/src/widgets/${kebab(node.name)}/${node.name}.svelte`,
          node,
        );
      wanted.set(node.name, home);
    });
    for (const [name, home] of wanted) {
      const value = `import ${name} from ${JSON.stringify(home)};`;
      tree.children.unshift({
        type: 'mdxjsEsm',
        value,
        data: { estree: parse(value, { ecmaVersion: 'latest', sourceType: 'module' }) },
      });
    }
  };
}
