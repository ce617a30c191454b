// The rules of the lint, apart from the files they are applied to, so that tests can show each of them fail.

/** Words the glossary replaces. Stems where Russian bends the word; the message names what to write. */
export const WORDS = [
  [/трансформатор/iu, 'трансформер'],
  [/головк[аиуеой]+ внимания|внимани[ея]-головк/iu, 'голова внимания'],
  [/вкраплени/iu, 'эмбеддинг'],
  [/файн-?тюн/iu, 'дообучение'], [/тонк(ая|ой|ую) настройк/iu, 'дообучение'],
  [/кросс-аттен/iu, 'перекрёстное внимание'], [/самообращени/iu, 'самовнимание'],
  [/каузальн/iu, 'причинный'], [/резидуальн/iu, 'остаточный'],
  [/патчинг/iu, 'подмена активаций'], [/роллаут/iu, 'развёртка внимания'],
  [/(?<![а-яё])батч/iu, 'пакет'], [/(?<![а-яё])лосс/iu, 'потери'],
  [/квантизац/iu, 'квантование'], [/(?<![а-яё])пробинг/iu, 'зондирование'],
  [/(?<![а-яё])гейт/iu, 'вентиль'], [/(?<![а-яё])ротари/iu, 'поворотное кодирование (RoPE)'],
  [/мульти-?голов|многоголовочн/iu, 'многоголовое'], [/лексем[аыеу]/iu, 'токен'],
  [/контрольн(ая|ой|ую|ые|ых) точк/iu, 'чекпоинт'], [/(?<![а-яё])синк(а|и|ов|ом)?(?![а-яё])/iu, 'сток внимания'],
  [/(?<![а-яё])скор(ы|ов|ам)?(?![а-яё])/iu, 'оценка'], [/аттеншн|аттеншен/iu, 'внимание'],
  [/прунинг/iu, 'прореживание'], [/интерпретабельн/iu, 'интерпретируемость'],
  [/в современном мире|стоит отметить|следует отметить|нельзя не отметить|данн(ый|ая|ое) подход|является ключев/iu, 'сказать прямо'],
];

/** ё is always written. Only forms that have no twin spelled with е. */
export const YO = /(?<![а-яё])(еще|ее|нее|причем|прием(а|ы|ов|ом)?|учет(а|ом)?|расчет(а|ы|ов|ом|е)?|пересчет(а|ом)?|объем(а|ы|ов|ом|е)?|счетчик\p{L}*|нечетн\p{L}*|четн\p{L}*|трех|четырех|вперед|идет|ведет|дает|берет|растет|найдет|придет|поймет|живет|несет|перенос?ет|зовет|ждет|вдвоем|втроем|насчет|отчет\p{L}*|почет\p{L}*|звезды?ми|надежн\p{L}*|счет(ом)?|определенн\p{L}*|мое|твое|свое|(оста|доста|да|уда|созда|воссозда|переда|отда|сда|зада|прода|изда|разда|призна|узна)ется)(?![а-яё])/iu;

export function textProblems(text) {
  const found = [];
  for (const [pattern, better] of WORDS) { const hit = pattern.exec(text); if (hit) found.push(`«${hit[0]}» — в курсе: ${better}`); }
  const yo = YO.exec(text);
  if (yo) found.push(`«${yo[0]}» без ё`);
  if (/(?<=[\sа-яё(])"(?=[а-яё])|(?<=[а-яё.!?])"(?=[\s.,;:)]|$)/iu.test(text)) found.push('прямые кавычки вокруг русских слов: нужны «ёлочки»');
  if (/[а-яё] - [а-яё]/iu.test(text)) found.push('дефис вместо тире');
  if (/lorem|заглушк|TODO|FIXME|XXX/u.test(text)) found.push('недоделанное место');
  return found;
}

/** Prose writes the decimal comma; names (GPT-3.5, Llama 3.1), sections (разд. 3.2) and heads (5.1, when heads are spoken of) are not decimals. */
export function decimalPoints(text) {
  const heads = (at, name) => /^\d{1,2}\.(?:\d|1\d)$/.test(name) && /голов/iu.test(text.slice(Math.max(0, at - 200), at));
  return [...text.matchAll(/(?<![\p{L}\d.:§/-])(?<!§[ \u00a0])(?<!(?:разд|табл|рис|гл|п|раздел[ае]?|формул[аые]|версия|arXiv|Llama)\.?[ \u00a0])\d+\.\d+(?![.\d\p{L}:])/giu)]
    .filter((m) => !heads(m.index, m[0])).map((m) => m[0]);
}

/** A heading of a table that a screen reader would pass over: its cells are those of the syntax tree, and a formula's half that is read says no word. */
export const silentHeading = (cell) => {
  const says = (node) => (node.type === 'text' ? node.value.trim() !== '' : node.type !== 'inlineMath' && (node.children ?? []).some(says));
  return !says(cell);
};

export function codeProblems(text) {
  const found = [];
  const at = (pattern, message) => { text.split('\n').forEach((line, i) => { if (pattern.test(line)) found.push([i + 1, message]); }); };
  at(/Math\.random/, 'Math.random: фигуру кормят только числа с зерном');
  at(/(fetch|import|importScripts|Worker|WebSocket|EventSource)\s*\(\s*['"`](https?:)?\/\//, 'запрос к чужому серверу');
  at(/(@import\s+|url\(\s*)['"]?(https?:)?\/\//, 'запрос к чужому серверу');
  at(/<(script|img|iframe|source|video|audio)\b[^>]*\bsrc=["'{`]*(https?:)?\/\//, 'запрос к чужому серверу');
  at(/<link\b(?![^>]*rel="canonical")[^>]*\bhref=["'{`]*https?:/, 'запрос к чужому серверу');
  return found;
}
