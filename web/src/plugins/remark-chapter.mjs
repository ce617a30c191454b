import { toString } from 'mdast-util-to-string';

// Every chapter has the same sections in the same order, so that a reader who has read one knows his way in all.
export const SECTIONS = [
  'Суть вопроса', 'Архитектура', 'Математика', 'История', 'В реальных моделях', 'Эмпирика', 'Комментарий',
  'Проверьте себя', 'Источники',
];

export function sectionProblem(headings) {
  const wrong = SECTIONS.findIndex((title, i) => headings[i] !== title);
  if (wrong >= 0)
    return `раздел ${wrong + 1} главы должен называться «${SECTIONS[wrong]}», а здесь ${headings[wrong] ? `«${headings[wrong]}»` : 'главы уже нет'}`;
  if (headings.length > SECTIONS.length) return `лишний раздел второго уровня: «${headings[SECTIONS.length]}»`;
  return null;
}

export default function remarkChapter() {
  return (tree, file) => {
    if (!/[\\/]chapters[\\/]\d\d-[^\\/]+[\\/]index\.mdx$/.test(file.path ?? '')) return;
    const headings = tree.children.filter((n) => n.type === 'heading' && n.depth === 2);
    const problem = sectionProblem(headings.map((n) => toString(n).trim()));
    if (!problem) return;
    // While a chapter is being written, `COURSE_DRAFT=1 npm run build` and `npm run dev` only complain.
    if (process.env.COURSE_DRAFT || process.argv.includes('dev')) console.warn(`${file.path}: ${problem}`);
    else file.fail(problem);
  };
}
