import data from '../../../chapters/glossary.json';

export interface Entry { en: string; ru: string; text: string; also?: string[]; not?: string[] }
export const glossary: Entry[] = data;

export const termId = (en: string): string => en.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '');
const home = new Map(glossary.flatMap((entry) => [entry.en, ...(entry.also ?? [])].map((en) => [termId(en), termId(entry.en)])));
/** The anchor of an English term on the glossary page, if it is there. */
export const glossaryAnchor = (en: string): string | undefined => home.get(termId(en));
