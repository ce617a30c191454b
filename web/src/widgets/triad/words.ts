// What the bench says.
import type { HeadSite } from '../../../../wasm/client/types.ts';
import { fixed } from '../../kit/fmt.ts';
import type { How, Order } from './model.ts';
import type { By } from './presets.ts';
import type { ModelName } from './subject.ts';

export const DEEDS: Record<How | 'patch', string> = { zero: 'обнулены', mean: 'усреднены', resample: 'говорят о чужом тексте', patch: 'подменены' };
export const SITE_NAMES: Record<HeadSite, string> = { z: 'выход z', q: 'запросы q', k: 'ключи k', v: 'значения v', pattern: 'карты' };
export const ORDER_NAMES: Record<Order, string> = { mine: 'мой', single: 'по одиночной цене', greedy: 'жадный', random: 'наугад' };
export const GRID: Record<By, string> = {
  logit: 'изменение разности логитов от этой головы', loss: 'рост потерь на предложении от этой головы', direct: 'прямой вклад головы в разность логитов',
};
/** In brackets under the number of a cell: the price of the head when it alone is worked on. */
export const cellText = (alone: number | undefined): string => (alone === undefined || Number.isNaN(alone) ? '' : `(${fixed(alone, 2)})`);
/** A token typed by hand: a word stands after a space unless ␣ or its absence was meant (+ле: no space). */
export function typed(text: string, model: ModelName): string {
  const bare = text.trim();
  if (bare === '' || model === 'repeat-2l') return bare;
  if (bare.startsWith('+')) return bare.slice(1);
  return /^[\p{L}\d]/u.test(bare) ? `␣${bare}` : bare;
}
