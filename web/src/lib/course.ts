import { getCollection } from 'astro:content';
import plan from '../../../chapters/course.json';

export interface Chapter {
  number?: number;
  slug: string;
  title: string;
  question: string;
  /** Reading time of a written chapter. */
  minutes?: number;
  prerequisites?: string[];
  written: boolean;
}
export interface Part { title: string; chapters: Chapter[] }

const root = import.meta.env.BASE_URL.replace(/\/?$/, '/');
/** An address inside the site, whatever folder it is served from. */
export const href = (path = ''): string => root + path.replace(/^\//, '');
export const chapterHref = (slug: string): string => href(`${slug}/`);

/** The plan of the course with what has been written of it. A chapter that contradicts the plan fails the build. */
export async function course(): Promise<{ title: string; parts: Part[]; conclusion: Chapter; all: Chapter[] }> {
  const entries = new Map((await getCollection('docs')).map((entry) => [entry.id, entry]));
  const meet = (planned: Omit<Chapter, 'written'>): Chapter => {
    const entry = entries.get(planned.slug);
    entries.delete(planned.slug);
    if (!entry) return { ...planned, written: false };
    const { title, number, question, minutes, prerequisites } = entry.data;
    if (number !== planned.number || title !== planned.title)
      throw new Error(`chapters/${planned.slug}/index.mdx зовётся «${number}. ${title}», а в chapters/course.json «${planned.number}. ${planned.title}»`);
    return { ...planned, question, minutes, prerequisites, written: true };
  };
  const chapters = plan.chapters.map(meet);
  const conclusion = meet(plan.conclusion);
  if (entries.size > 0) throw new Error(`этих глав нет в chapters/course.json: ${[...entries.keys()].join(', ')}`);
  const parts = plan.parts.map(({ title, from, to }) => ({ title, chapters: chapters.filter((c) => c.number! >= from && c.number! <= to) }));
  return { title: plan.title, parts, conclusion, all: [...chapters, conclusion] };
}
