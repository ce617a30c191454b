import fs from 'node:fs';
import path from 'node:path';
import { Cite } from '@citation-js/core';
import '@citation-js/plugin-bibtex';
import { root } from './repository';

interface Name { family?: string; given?: string; literal?: string }
interface Csl {
  id: string; 'citation-key'?: string; type: string; title?: string; author?: Name[]; issued?: { 'date-parts'?: number[][] };
  'container-title'?: string; publisher?: string; volume?: string; issue?: string; page?: string; DOI?: string; URL?: string; note?: string;
  archive?: string; number?: string;
}
export interface Reference {
  key: string;
  /** «Vaswani и др., 2017» — what stands in the text. */
  short: string;
  /** Authors, title and imprint, for the bibliography and the card that appears over a citation. */
  authors: string; title: string; imprint: string; url?: string; year: string;
  /** Chapters whose references.bib has it. */
  files: string[];
}

const surname = (n: Name): string => n.family ?? n.literal ?? '';
const initials = (n: Name): string => (n.given ?? '').split(/[\s-]+/).filter(Boolean).map((w) => `${w[0]}.`).join(' ');
const fullName = (n: Name): string => (n.literal ?? `${n.family} ${initials(n)}`).trim();

function shortForm(authors: Name[], title: string): string {
  if (authors.length === 0) return title;
  if (authors.length === 1) return surname(authors[0]);
  if (authors.length === 2) return `${surname(authors[0])} и ${surname(authors[1])}`;
  return `${surname(authors[0])} и др.`;
}

function toReference(item: Csl, raw: Record<string, string>): Omit<Reference, 'files'> {
  const named = item.author ?? [];
  const authors = named.filter((n) => surname(n) !== 'others'); // BibTeX's «and others»
  const cut = authors.length < named.length;
  const title = item.title ?? '';
  // A repository that grows has no year of its own: it is named without one.
  const year = String(item.issued?.['date-parts']?.[0]?.[0] ?? '');
  const arxiv = raw.eprint ?? /arxiv\.org\/abs\/([\w.]+)/i.exec(item.URL ?? '')?.[1];
  const volume = item.volume && item.type === 'article-journal' ? `Т. ${item.volume}${item.issue ? `, № ${item.issue}` : ''}` : '';
  const pages = item.page ? `С. ${item.page.replace('-', '–')}` : '';
  const venue = item['container-title'] ?? item.publisher ?? raw.howpublished ?? '';
  const imprint = [venue && `// ${venue}`, year, volume, pages, arxiv && `arXiv:${arxiv}`, item.DOI && !arxiv && `DOI ${item.DOI}`]
    .filter(Boolean).join('. ').replace(/^\/\/ /, '') + '.';
  const listed = authors.length > 4 || cut ? `${authors.slice(0, 3).map(fullName).join(', ')} и др.` : authors.map(fullName).join(', ');
  return {
    key: item['citation-key'] ?? item.id, title, year, imprint, authors: listed,
    short: [cut ? `${surname(authors[0])} и др.` : shortForm(authors, title), year].filter(Boolean).join(', '),
    url: item.URL ?? (arxiv ? `https://arxiv.org/abs/${arxiv}` : item.DOI ? `https://doi.org/${item.DOI}` : undefined),
  };
}

/** `eprint` and `howpublished` do not survive the conversion to CSL. */
function rawFields(text: string): Map<string, Record<string, string>> {
  const found = new Map<string, Record<string, string>>();
  for (const [, key, body] of text.matchAll(/@\w+\s*\{\s*([^,\s]+)\s*,([\s\S]*?)\n\s*\}\s*(?=@|$|\n)/g)) {
    const fields: Record<string, string> = {};
    for (const [, name, value] of body.matchAll(/^\s*(eprint|howpublished)\s*=\s*[{"](.*?)[}"]\s*,?\s*$/gim)) fields[name.toLowerCase()] = value;
    found.set(key, fields);
  }
  return found;
}

export function parseBibliography(files: { name: string; text: string }[]): Map<string, Reference> {
  const all = new Map<string, Reference>(), keys = new Map<string, string>(); // address and title → key
  for (const { name, text } of files) {
    const raw = rawFields(text);
    for (const item of new Cite(text).data as Csl[]) {
      const key = item['citation-key'] ?? item.id;
      const entry = toReference(item, raw.get(key) ?? {});
      const known = all.get(key);
      if (!known) {
        const work = `${entry.url} ${entry.title.toLowerCase()}`, other = keys.get(work);
        if (other) throw new Error(`один источник под двумя ключами: ${other} (${all.get(other)?.files[0]}) и ${key} (${name})`);
        keys.set(work, key);
        all.set(key, { ...entry, files: [name] });
        continue;
      }
      if (known.title.toLowerCase() !== entry.title.toLowerCase() || known.year !== entry.year)
        throw new Error(`ключ ${key} значит разное: «${known.title}» (${known.files[0]}) и «${entry.title}» (${name})`);
      known.files.push(name);
    }
  }
  return all;
}

let merged: Map<string, Reference> | undefined;
/** chapters/*\/references.bib, merged. */
export function bibliography(): Map<string, Reference> {
  if (merged && import.meta.env.PROD) return merged;
  const chapters = path.join(root, 'chapters');
  const files = fs.readdirSync(chapters, { withFileTypes: true }).filter((e) => e.isDirectory())
    .map((e) => ({ name: e.name, file: path.join(chapters, e.name, 'references.bib') })).filter(({ file }) => fs.existsSync(file));
  merged = parseBibliography(files.map(({ name, file }) => ({ name, text: fs.readFileSync(file, 'utf8') })));
  return merged;
}

export function reference(key: string): Reference {
  const found = bibliography().get(key);
  if (!found) throw new Error(`ссылка на «${key}», а такой записи нет ни в одном chapters/*/references.bib`);
  return found;
}
