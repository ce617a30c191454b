// Kinds of attention side by side: what each computes and keeps at the reader's N, d and h. Arithmetic in closed form, multiply-adds and
// numbers of one layer; what the course measured stands beside it and is checked against the recordings (model.test.ts).
export interface Size {
  /** Tokens, width of a head, heads. */
  N: number;
  d: number;
  h: number;
}
export type Family = 'exact' | 'pairs' | 'kernel' | 'gate';
export const FAMILIES: Record<Family, string> = { exact: 'тот же softmax', pairs: 'меньше пар', kernel: 'состояние', gate: 'другой ответ' };
/** yes: a softmax over all pairs; within: over the pairs it reads; no: another function. */
export type Exact = 'yes' | 'within' | 'no';
export const EXACT: Record<Exact, string> = { yes: 'да', within: 'на прочитанном', no: 'нет' };

/** Sizes that the reader does not set; stated under the table. */
export const FIXED = { window: 128, shared: 16, selected: 2048, indexer: 128, density: 1 / 8, rate: 4, features: 256, state: 128, retrieved: 32, group: 8 } as const;
const F = FIXED;

export interface Kind {
  id: string;
  name: string;
  family: Family;
  /** Of train, decode and memory, for N beyond every window. w, g, k, i, r, m, s: FIXED. */
  formula: [string, string, string];
  exact: Exact;
  /** Multiply-adds of one layer over the whole sequence, and for one more token; numbers kept between tokens. null: does not apply. */
  train: (s: Size) => number;
  decode: ((s: Size) => number) | null;
  memory: ((s: Size) => number) | null;
  sees: string;
  recall: string;
  /** What the course measured, and where. */
  measured?: { text: string; chapter: string; number: number };
}

// #region kinds
const pairs = ({ N, d, h }: Size): number => N * N * d * h; // scores and mixing of N²/2 causal pairs
const reading = (n: number, { d, h }: Size): number => 2 * n * d * h; // scores and mixing of n keys by h heads
const cache = (n: number, { d, h }: Size): number => 2 * n * d * h; // n keys and values of h heads
const latent = (d: number): { content: number; rotary: number } => ({ content: 4 * d, rotary: d / 2 });
/** Positions of a causal sequence each of which reads at most w keys: Σ min(t + 1, w). */
export const within = (N: number, w: number): number => (N <= w ? (N * (N + 1)) / 2 : (w * (w + 1)) / 2 + (N - w) * w);
// #endregion

export const KINDS: readonly Kind[] = [
  { id: 'full', formula: ['N²dh', '2Ndh', '2Ndh'], name: 'причинное, полное', family: 'exact', exact: 'yes', train: pairs, decode: (s) => reading(s.N, s), memory: (s) => cache(s.N, s), sees: 'всё прошлое', recall: 'точное',
    measured: { text: '256 ключей: 1,00; 16 ключей по 4 раза: 0,27–0,29', chapter: '17-alternatives', number: 17 } },
  { id: 'both', formula: ['2N²dh', '', ''], name: 'двунаправленное', family: 'exact', exact: 'yes', train: (s) => 2 * pairs(s), decode: null, memory: null, sees: 'весь текст', recall: 'точное' },
  { id: 'cross', formula: ['2N²dh', '2Ndh', '2Ndh'], name: 'перекрёстное (источник той же длины)', family: 'exact', exact: 'yes', train: (s) => 2 * pairs(s), decode: (s) => reading(s.N, s), memory: (s) => cache(s.N, s), sees: 'источник', recall: 'точное' },
  { id: 'flash', formula: ['N²dh', '2Ndh', '2Ndh'], name: 'FlashAttention', family: 'exact', exact: 'yes', train: pairs, decode: (s) => reading(s.N, s), memory: (s) => cache(s.N, s), sees: 'всё прошлое', recall: 'точное',
    measured: { text: 'расхождение с определением не больше 5,1·10⁻⁷', chapter: '17-alternatives', number: 17 } },
  { id: 'gqa', formula: ['N²dh', '2Ndh', '2Ndh/8'], name: `GQA, ${F.group} запросов на набор`, family: 'exact', exact: 'yes', train: pairs, decode: (s) => reading(s.N, s), memory: (s) => cache(s.N, { ...s, h: Math.max(1, s.h / F.group) }), sees: 'всё прошлое', recall: 'точное',
    measured: { text: '8 голов ширины 8: наборов 8 — 0,85, один — 0,27', chapter: '03-head-count', number: 3 } },
  { id: 'mla', formula: ['N²dh', '8,5Ndh', '4,5Nd'], name: 'MLA, скрытый вектор 4d + d/2', family: 'exact', exact: 'yes', train: pairs, decode: (s) => s.N * s.h * (2 * latent(s.d).content + latent(s.d).rotary), memory: (s) => s.N * (latent(s.d).content + latent(s.d).rotary), sees: 'всё прошлое', recall: 'точное' },
  { id: 'window', formula: ['2Nwdh', '2wdh', '2wdh'], name: `скользящее окно ${F.window}`, family: 'pairs', exact: 'within', train: (s) => 2 * within(s.N, F.window) * s.d * s.h, decode: (s) => reading(Math.min(s.N, F.window), s), memory: (s) => cache(Math.min(s.N, F.window), s), sees: 'окно; слоями дальше', recall: 'за окном никакого' },
  { id: 'mixed', formula: ['N²dh/2 + Nwdh', 'Ndh + wdh', 'Ndh + wdh'], name: `окно ${F.window} и полное через слой`, family: 'pairs', exact: 'within', train: (s) => (pairs(s) + 2 * within(s.N, F.window) * s.d * s.h) / 2, decode: (s) => reading((s.N + Math.min(s.N, F.window)) / 2, s), memory: (s) => cache((s.N + Math.min(s.N, F.window)) / 2, s), sees: 'всё, полными слоями', recall: 'точное в полных слоях' },
  { id: 'hubs', formula: ['2Nwdh + 2Ngdh', '2wdh + 2gdh', '2wdh + 2gdh'], name: `окно ${F.window} и ${F.shared} общих токенов`, family: 'pairs', exact: 'within', train: (s) => 2 * (within(s.N, F.window) + s.N * F.shared) * s.d * s.h, decode: (s) => reading(Math.min(s.N, F.window + F.shared), s), memory: (s) => cache(Math.min(s.N, F.window + F.shared), s), sees: 'окно и узлы', recall: 'через узлы' },
  { id: 'blocks', formula: ['N²dh/8', 'Ndh/4', '2Ndh'], name: 'блоки по заданной маске, плотность 1/8', family: 'pairs', exact: 'within', train: (s) => F.density * pairs(s), decode: (s) => F.density * reading(s.N, s), memory: (s) => cache(s.N, s), sees: 'узор', recall: 'в узоре' },
  { id: 'selected', formula: ['2Nkdh + N²i/2', '2kdh + Ni', '2Ndh + Ni'], name: `указатель выбирает ${F.selected} токенов`, family: 'pairs', exact: 'within', train: (s) => 2 * within(s.N, F.selected) * s.d * s.h + (s.N * s.N * F.indexer) / 2, decode: (s) => reading(Math.min(s.N, F.selected), s) + s.N * F.indexer, memory: (s) => cache(s.N, s) + s.N * F.indexer, sees: 'всё, по выбору', recall: 'если указатель не ошибся' },
  { id: 'pooled', formula: ['N²dh/4', 'Ndh/2', 'Ndh/2'], name: `сжатая память, ${F.rate} токена в записи`, family: 'pairs', exact: 'no', train: (s) => pairs(s) / F.rate, decode: (s) => reading(s.N / F.rate, s), memory: (s) => cache(s.N / F.rate, s), sees: 'всё, огрублённо', recall: 'вдали грубое' },
  { id: 'store', formula: ['2Nwdh + 2Nrdh', '2wdh + 2rdh', '2Ndh'], name: `внешняя память, ${F.retrieved} записи, окно ${F.window}`, family: 'pairs', exact: 'within', train: (s) => 2 * (within(s.N, F.window) + s.N * F.retrieved) * s.d * s.h, decode: (s) => reading(Math.min(s.N, F.window) + F.retrieved, s), memory: (s) => cache(s.N, s), sees: 'сколько накоплено', recall: 'если найдено' },
  { id: 'linear', formula: ['2Nd²h', '2d²h', 'd²h + dh'], name: 'линейное, признаков d', family: 'kernel', exact: 'no', train: (s) => 2 * s.N * s.d * s.d * s.h, decode: (s) => 2 * s.d * s.d * s.h, memory: (s) => (s.d + 1) * s.d * s.h, sees: 'всё, смешанным', recall: 'порядка d пар',
    measured: { text: 'сумма, d = 32, 256 ключей: 0,25–0,26; 16 по 4 раза: 0,21–0,27', chapter: '17-alternatives', number: 17 } },
  { id: 'performer', formula: ['2Nmdh', '2mdh', 'mdh + mh'], name: `Performer, ${F.features} признаков`, family: 'kernel', exact: 'no', train: (s) => 2 * s.N * F.features * s.d * s.h, decode: (s) => 2 * F.features * s.d * s.h, memory: (s) => (s.d + 1) * F.features * s.h, sees: 'всё, смешанным', recall: 'острые строки теряются' },
  { id: 'delta', formula: ['3Nd²h', '3d²h', 'd²h'], name: 'дельта-правило', family: 'kernel', exact: 'no', train: (s) => 3 * s.N * s.d * s.d * s.h, decode: (s) => 3 * s.d * s.d * s.h, memory: (s) => s.d * s.d * s.h, sees: 'всё, с правкой', recall: 'последняя версия',
    measured: { text: 'd = 32, 256 ключей: 0,12–0,13; 16 по 4 раза: 0,92–0,95', chapter: '17-alternatives', number: 17 } },
  { id: 'ssm', formula: ['2Nsdh', '2sdh', 'sdh'], name: `Mamba-2, состояние ${F.state}`, family: 'kernel', exact: 'no', train: (s) => 2 * s.N * s.d * F.state * s.h, decode: (s) => 2 * s.d * F.state * s.h, memory: (s) => s.d * F.state * s.h, sees: 'всё, угасая', recall: 'недавнее',
    measured: { text: 'рекурсия с множителем 0…1, чётность длины 16: 0,51–0,57', chapter: '20-after', number: 20 } },
  { id: 'difference', formula: ['N²dh', '2Ndh', '2Ndh'], name: 'разностное (Differential), одна карта минус другая', family: 'gate', exact: 'no', train: pairs, decode: (s) => reading(s.N, s), memory: (s) => cache(s.N, s), sees: 'всё прошлое', recall: 'точное' },
  { id: 'gated', formula: ['N²dh + Nd²h²', '2Ndh + d²h²', '2Ndh'], name: 'с вентилем на выходе', family: 'gate', exact: 'no', train: (s) => pairs(s) + s.N * (s.d * s.h) ** 2, decode: (s) => reading(s.N, s) + (s.d * s.h) ** 2, memory: (s) => cache(s.N, s), sees: 'всё прошлое', recall: 'точное, с правом молчать' },
];

export const COLUMNS = ['train', 'decode', 'memory'] as const;
export type Column = (typeof COLUMNS)[number];
export const TITLES: Record<Column, string> = { train: 'прочесть всё', decode: 'ещё один токен', memory: 'помнить' };
export const SORTS = ['given', ...COLUMNS] as const;
export type Sort = (typeof SORTS)[number];
export const FILTERS = ['all', 'exact', 'pairs', 'kernel', 'gate'] as const;
export type Filter = (typeof FILTERS)[number];

export interface Row { kind: Kind; train: number; decode: number | null; memory: number | null }
export function table(s: Size, filter: Filter, sort: Sort): Row[] {
  const rows = KINDS.filter((k) => filter === 'all' || k.family === filter).map((kind) => ({ kind, train: kind.train(s), decode: kind.decode?.(s) ?? null, memory: kind.memory?.(s) ?? null }));
  return sort === 'given' ? rows : rows.sort((a, b) => (a[sort] ?? Infinity) - (b[sort] ?? Infinity));
}
/** From which power of two on `a` does less than `b` per new token; null: not up to 2^20. */
export function crossing(a: string, b: string, s: Omit<Size, 'N'>): number | null {
  const of = (id: string): Kind => KINDS.find((k) => k.id === id)!;
  for (let log = 4; log <= 20; log += 1) if (of(a).decode!({ N: 2 ** log, ...s }) < of(b).decode!({ N: 2 ** log, ...s })) return 2 ** log;
  return null;
}
