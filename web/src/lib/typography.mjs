import Typograf from 'typograf';

// Only rules that cannot change meaning: spaces that must not break and the dash. Quotes are written by the authors as
// «ёлочки» (the lint checks), because a rule that sees one text node at a time would pair them wrongly across markup.
const typograf = new Typograf({ locale: ['ru', 'en-US'], disableRule: '*' });
for (const rule of [
  'common/nbsp/afterShortWord', 'common/nbsp/afterNumber', 'common/nbsp/afterParagraphMark', 'common/nbsp/afterSectionMark',
  'common/nbsp/beforeShortLastNumber', 'ru/nbsp/beforeParticle', 'ru/nbsp/abbr', 'ru/nbsp/initials', 'ru/nbsp/year',
  'ru/nbsp/page', 'ru/nbsp/see', 'ru/nbsp/ps', 'ru/dash/main', 'common/punctuation/hellip',
])
  typograf.enableRule(rule);
typograf.setSetting('common/nbsp/afterShortWord', 'lengthShortWord', 2);

const NBSP = '\u00a0';
const SHORT_LAST = /(^|[\s(«„])([А-Яа-яЁё]{1,2}) $/u; // «в $Q$»: the next word is another node
const THOUSANDS = /(?<![\d,.])(\d{1,3}(?: \d{3})+)(?!\d)/g; // 131 072 is one number
const PERCENT = /(\d) (?=[%‰°])/g; // 75 % too
const BEFORE_DASH = /(\S) (—)/gu;

/** Russian spacing for one run of text; its leading and trailing spaces are kept, they belong to the neighbours. */
export function typography(text) {
  if (!/[А-Яа-яЁё]/.test(text) && !text.includes(' —')) return text;
  const [, before, body, after] = /^(\s*)([\s\S]*?)(\s*)$/.exec(text);
  if (!body) return text;
  const done = before + typograf.execute(body).replace(/^\s+|\s+$/g, '') + after;
  return done.replace(SHORT_LAST, `$1$2${NBSP}`).replace(THOUSANDS, (number) => number.replaceAll(' ', NBSP)).replace(PERCENT, `$1${NBSP}`).replace(BEFORE_DASH, `$1${NBSP}$2`).replace(/^ —/, `${NBSP}—`);
}
