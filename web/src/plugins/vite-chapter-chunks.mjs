import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { knownComponents } from './remark-components.mjs';

// The figures of a chapter after its first share a file: alone, each would be small, and a small file compresses badly (a chapter read to
// its end had 13 to 26 of them). The first has one of its own, as a page opens with it. What other chapters use as well stays apart.
const home = fileURLToPath(new URL('../../../chapters/', import.meta.url)), pages = fileURLToPath(new URL('../pages/', import.meta.url));

/** Component file → set of «01 first», «01 rest» …, the places where chapters and other pages name it. */
export function placesOf(texts, known) {
  const places = new Map();
  for (const { name, text } of texts) {
    const opening = text.search(/^## /m);
    for (const { 1: component, index } of text.matchAll(/<([A-Z]\w*)\s[^>]*?client:/g)) {
      const file = known.get(component);
      if (file) (places.get(file) ?? places.set(file, new Set()).get(file)).add(`${/^\d\d|^[\w-]+/.exec(name)[0]} ${opening < 0 || index < opening ? 'first' : 'rest'}`);
    }
  }
  return places;
}

/** The name of the file for a module that only the places `at` reach; null where it is to stay as it is. */
export function chunkFor(at) {
  const chapters = new Set([...at].map((place) => place.split(' ')[0]));
  if (chapters.size !== 1) return null;
  const [chapter] = chapters;
  if (!/^\d\d$|^conclusion$/.test(chapter)) return null;
  return at.has(`${chapter} first`) ? `chapter-${chapter}-first` : `chapter-${chapter}`;
}

let reached; // module → places
function reach(info) {
  const texts = [
    ...fs.readdirSync(home).map((name) => [name, path.join(home, name, 'index.mdx')]),
    ...fs.readdirSync(pages).map((name) => [name, path.join(pages, name)]),
  ].filter(([, file]) => fs.existsSync(file)).map(([name, file]) => ({ name, text: fs.readFileSync(file, 'utf8') }));
  const found = new Map();
  for (const [file, places] of placesOf(texts, knownComponents())) {
    const queue = [file], seen = new Set(queue);
    while (queue.length > 0) {
      const id = queue.pop();
      for (const place of places) (found.get(id) ?? found.set(id, new Set()).get(id)).add(place);
      for (const next of info(id)?.importedIds ?? []) if (!seen.has(next)) { seen.add(next); queue.push(next); }
    }
  }
  return found;
}

export const chapterChunks = {
  name: (id, context) => {
    if (!/[\\/]src[\\/]widgets[\\/]/.test(id)) return null;
    reached ??= reach((module) => context.getModuleInfo(module));
    const at = reached.get(id);
    return at ? chunkFor(at) : null;
  },
  priority: 0,
  includeDependenciesRecursively: false, // they have places of their own
};
