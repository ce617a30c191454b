import type { GOALS } from '../adapters/model';

/** What is asked, on the text of the figure: after «вьюгашумит» comes «вью», and the model stands at «ь». */
export const WORDS: Record<(typeof GOALS)[number], string> = {
  shift: '«…вь» продолжают не буквой «ю», а следующей за ней, «г»: ответ лежит на одно место дальше.',
  permute: '«…вь» по-прежнему продолжает «ю», но у каждой буквы новое имя: место то же, слово другое.',
};
