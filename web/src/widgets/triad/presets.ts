// Each chapter opens the bench on its own question.
import type { Inputs, Measure, Order } from './model.ts';
import type { ModelName } from './subject.ts';

export type View = 'before' | 'after' | 'change';
export type By = Measure | 'direct';
export interface Preset extends Inputs {
  order: Order;
  /** Heads of the order that are gone. */
  cut: number;
  by: By;
  view: View;
  title: string;
  lesson: string;
}

/** What stands in the fields when a model is chosen. */
export const REST: Record<ModelName, Pick<Inputs, 'text' | 'twin' | 'right' | 'wrong'>> = {
  'ru-small': { text: 'Старая мать моего друга', twin: 'Старый отец моего друга', right: '␣была', wrong: '␣был' },
  'repeat-2l': { text: 'музыкантмузыкантмузык', twin: 'музыоантмузыкантмузык', right: '', wrong: '' },
};

const base: Preset = {
  model: 'ru-small', ...REST['ru-small'], tool: 'ablate', how: 'mean', way: 'noise', site: 'z', places: [], heads: [], at: -1, head: 0, seed: 1,
  order: 'single', cut: 0, by: 'logit', view: 'after', title: 'Отнять, подменить, оставить', lesson: '',
};
const preset = (own: Partial<Preset>): Preset => ({ ...base, ...own });

const ALL = Array.from({ length: 40 }, (_, i) => i);
const SCARF = { text: 'Старик взял шапку, надел её на голову и вышел из', right: '', wrong: '' };

export const PRESETS = {
  '02': preset({ ...SCARF, by: 'loss', heads: ALL.slice(32), head: 34, title: 'Слой порознь и слой целиком', lesson: 'Перечёркнут слой 4. В клетке — сколько стоит голова, когда остальных из перечёркнутых уже нет; в скобках — сколько она стоит одна.' }),
  '03': preset({ ...SCARF, tool: 'prune', order: 'greedy', cut: 25, by: 'loss', head: 34, title: 'Сколько голов занято этой фразой', lesson: 'В конфигурации сорок голов. Их снимают по одной, каждый раз самую дешёвую, и смотрят, когда подорожает фраза.' }),
  '04': preset({ tool: 'patch', site: 'v', heads: ALL, head: 34, title: 'Карты или значения', lesson: 'Все головы берут значения из фразы об отце, а карты считают свои. И «был» обходит «была».' }),
  '06': preset({ how: 'zero', by: 'direct', heads: [34], head: 34, title: 'Прямой вклад и потеря', lesson: 'На сетке — сколько каждая голова сама приносит форме «была» против «был». Перечёркнутая отнята: сверьте обещанное с потерянным.' }),
  '09': preset({ tool: 'patch', heads: [34], head: 34, title: 'Отнять, подменить, оставить', lesson: 'Любой набор голов на любом предложении: что стало с ответом и с потерями на каждом месте.' }),
  '10': preset({ ...SCARF, by: 'loss', heads: [8, 22], head: 22, title: 'Подстраховка', lesson: 'Перечёркнуты две головы. В скобках — цена порознь, над ними — цена каждой, когда другой уже нет.' }),
  '12': preset({ ...SCARF, tool: 'prune', order: 'greedy', cut: 25, by: 'loss', head: 34, title: 'Три порядка на одной фразе', lesson: 'Потери на фразе, пока снимают головы: по одиночной цене, жадно, наугад.' }),
} as const satisfies Record<string, Preset>;
export type Chapter = keyof typeof PRESETS;
