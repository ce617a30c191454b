import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chapterChunks } from './vite-chapter-chunks.mjs';

// A widget imports its parts from the kit's index, as is good to read. A bundler, though, makes of an index one file that each page
// loads whole, with the styles of each part. So an import from the index becomes one from the file where the part lives; then the
// parts form chunks by who uses them.
const kit = fileURLToPath(new URL('../kit/', import.meta.url));

/** Name → the statement's two halves, from the lines of the index. */
export function partsOf(index) {
  const parts = new Map();
  for (const [, list, from] of index.matchAll(/^export \{([^}]*)\} from '\.\/([^']+)';$/gm))
    for (const item of list.split(',').map((s) => s.trim()).filter((s) => s && !s.startsWith('type '))) {
      const [inner, outer = inner] = item.split(' as ');
      parts.set(outer, { inner, from });
    }
  return parts;
}

const IMPORT = /^([ \t]*)import \{([^}]*)\} from '((?:\.\.?\/)+kit(?:\/index(?:\.ts)?)?)';/gm;
export function direct(code, parts, home = kit) {
  return code.replace(IMPORT, (whole, space, list, index) => {
    const lines = [`import '${home}kit.css';`], kept = [];
    for (const item of list.split(',').map((s) => s.trim()).filter(Boolean)) {
      const [name, local = name] = item.split(' as ');
      const part = parts.get(name);
      if (part) lines.push(`import { ${part.inner}${part.inner === local ? '' : ` as ${local}`} } from '${home}${part.from}';`);
      else kept.push(item); // a type
    }
    if (kept.length > 0) lines.push(`import { ${kept.join(', ')} } from '${index}';`);
    return space + lines.join(' ');
  });
}

export default function leanKit() {
  let parts;
  return {
    name: 'course:lean-kit',
    enforce: 'pre',
    apply: 'build',
    // A chapter's file holds only its own modules, which then may export more than a page asks for.
    configEnvironment: (name) => (name === 'client' ? { build: { rolldownOptions: { preserveEntrySignatures: 'allow-extension' } } } : undefined),
    buildStart() { parts = partsOf(fs.readFileSync(`${kit}index.ts`, 'utf8')); },
    transform(code, id) {
      if (!/\/src\/.*\.(svelte|ts)$/.test(id) || path.dirname(id) + path.sep === kit) return null;
      const made = direct(code, parts);
      return made === code ? null : { code: made, map: null };
    },
  };
}

// Parts that a page may well do without, apart from what every figure needs. Finer chunks than these cost more than they save: a
// small file compresses badly.
const APART = { maps: ['AttentionMap', 'Magnifier', 'MatrixTable', 'Stamp', 'stamp'], heads: ['HeadGrid', 'Thumb', 'heads'], plots: ['Lines', 'TrainingCurve', 'plot'] };
const ALONE = ['index', 'source-files', 'Bars', 'MatrixView', 'TokenArcs', 'arcs', 'Predict', 'predict', 'Choice', 'Question', 'Questions', 'catalogue'];
const inKit = (names) => new RegExp(`[\\\\/]src[\\\\/]kit[\\\\/](?:${names.join('|')})(?:[.\\\\/])`);
const apart = inKit([...Object.values(APART).flat(), ...ALONE]);
export const kitChunks = {
  groups: [
    // Svelte and what every figure needs: one file, as no page asks for one without the other.
    { name: 'kit', test: (id) => /node_modules[\\/](?:svelte|esm-env|clsx)[\\/]/.test(id) || (/[\\/]src[\\/]kit[\\/]/.test(id) && !apart.test(id)), priority: 2 },
    ...Object.entries(APART).map(([name, files]) => ({ name, test: inKit(files), priority: 1 })),
    chapterChunks,
  ],
};
