// What may be drawn about a head: a closed list of scores, each with its baseline. Two sources fill it:
// the engine on the course's sentences, and the recorded native run on treebanks.
import { KINDS } from '../../data/sentences.ts';
import type { Atlas, Neighbour, Example } from './model.ts';
import type { Relation, RoleId, Roles } from './meter.ts';

export interface Score {
  id: string;
  name: string;
  /** What is averaged over what. */
  text: string;
  values: number[];
  baseline: number;
  baselineName: string;
  /** Shares lie in 0…1; the others have scales of their own. */
  share: boolean;
}
export interface RelationRow extends Relation {
  /** Treebanks know parts of speech; our sentences do not. */
  nearest?: number;
  untrained?: { head: number; accuracy: number };
}
/** The native run: attn heads --conllu. */
export interface Native {
  roles: Roles[];
  uniform: Roles;
  relations: RelationRow[];
  ablation: { sequences: number; loss: number; zero: number[]; mean: number[] };
  circuits: { copying: number[]; self: number[] };
}
export interface Source {
  layers: number;
  heads: number;
  scores: Score[];
  relations: RelationRow[];
  roles: RoleName[];
  neighbours?: Neighbour[][];
  examples?: Example[][];
}

export const RELATION_NAMES: readonly string[] = [
  'сказуемое → подлежащее', 'подлежащее → сказуемое', 'имя → определение', 'определение → имя',
  'имя → предлог', 'дополнение → глагол', 'глагол → дополнение', 'местоимение → антецедент',
];

const ROLE_TEXTS: [RoleId, string, string, boolean][] = [
  ['first', 'первый токен', 'вес первого токена последовательности: сток внимания', true],
  ['previous', 'предыдущий токен', 'вес предыдущего токена', true],
  ['across', 'конец прошлого слова', 'вес предыдущего токена, когда он принадлежит другому слову', true],
  ['inside', 'внутри слова', 'вес предыдущих кусков того же слова, когда они есть', true],
  ['current', 'сам токен', 'вес самого себя', true],
  ['duplicate', 'такой же токен', 'вес прежних вхождений того же токена, когда они есть', true],
  ['induction', 'после такого же', 'вес токенов, стоявших после прежних вхождений, когда они есть', true],
  ['punctuation', 'знаки препинания', 'вес предшествующих знаков, когда они есть', true],
  ['offset_weight', 'лучший сдвиг', 'вес токена на лучшем постоянном расстоянии от 1 до 16', true],
  ['offset_top', 'сдвиг: доля максимумов', 'доля строк, где максимум стоит на этом расстоянии', true],
  ['entropy_ratio', 'энтропия', 'энтропия строки в долях энтропии равномерной', true],
  ['distance', 'дальность', 'среднее расстояние до читаемого токена, токены', false],
];

const UNIFORM = 'равномерное внимание';

function roleScores(roles: readonly Roles[], uniform: Roles): Score[] {
  return ROLE_TEXTS.map(([id, name, text, share]) => ({ id, name, text, share, values: roles.map((r) => r[id]), baseline: uniform[id], baselineName: UNIFORM }));
}

function relationScores(relations: readonly RelationRow[]): Score[] {
  return relations.flatMap((r, kind) => (r.queries < 20 ? [] : [{
    id: `${KINDS[kind]!.relation}-${KINDS[kind]!.from}`, name: RELATION_NAMES[kind]!, share: true, values: r.headAccuracy,
    text: 'доля вопросов, на которые максимум головы отвечает верно', baseline: r.offsetAccuracy, baselineName: `постоянный сдвиг на ${r.offset}`,
  }]));
}

/** Roles that a name in the map stands for; the score must exceed its baseline by `threshold` of what is left above it. */
export type RoleName = 'first' | 'previous' | 'inside' | 'duplicate' | 'induction' | 'punctuation' | 'offset' | 'relation' | 'none';
export const ROLES: Record<RoleName, { name: string; short: string; colour: string }> = {
  first: { name: 'сток: первый токен', short: 'сток', colour: 'var(--mask)' },
  previous: { name: 'предыдущий токен', short: 'пред.', colour: 'var(--k)' },
  inside: { name: 'внутри слова', short: 'слово', colour: 'var(--v)' },
  duplicate: { name: 'такой же токен', short: 'повтор', colour: 'var(--o)' },
  induction: { name: 'индукция', short: 'индукц.', colour: 'var(--head)' },
  punctuation: { name: 'знаки препинания', short: 'знаки', colour: 'var(--resid)' },
  offset: { name: 'постоянный сдвиг', short: 'сдвиг', colour: 'var(--q)' },
  relation: { name: 'связь слов', short: 'связь', colour: 'var(--good)' },
  none: { name: 'без ясной роли', short: '—', colour: 'transparent' },
};

export interface Naming {
  role: RoleName;
  /** 0…1: how far above the baseline. */
  excess: number;
}

/** How far x lies above its baseline, in shares of the room that is left there. */
export const excess = (x: number, baseline: number): number => (baseline < 1 ? (x - baseline) / (1 - baseline) : 0);

export function naming(source: Pick<Source, 'scores' | 'relations'>, head: number, threshold: number): Naming {
  const of = (id: string): number => {
    const s = source.scores.find((x) => x.id === id);
    return s ? excess(s.values[head] as number, s.baseline) : 0;
  };
  const across = of('across');
  const candidates: [RoleName, number][] = [
    ['first', of('first')], ['previous', across], ['inside', of('inside') - Math.max(0, across)], ['duplicate', of('repeat-duplicate')],
    ['induction', of('repeat-induction')], ['punctuation', of('punctuation')],
  ];
  const offset = source.scores.find((x) => x.id === 'offset')?.values[head] ?? 1;
  if (offset > 1) candidates.push(['offset', of('offset_weight')]);
  const [role, best] = candidates.reduce((a, b) => (b[1] > a[1] ? b : a));
  if (best >= threshold) return { role, excess: best };
  // A relation names a head only if it was chosen on one half and stayed above the offset on the other.
  const gain = Math.max(0, ...kept(source.relations, head).map((k) => source.relations[k]!.gain.value));
  return gain > 0 ? { role: 'relation', excess: gain } : { role: 'none', excess: Math.max(0, best) };
}

/** Relations for which `head` was chosen and whose gain over the fixed offset has an interval above zero. */
export const kept = (relations: readonly RelationRow[], head: number): number[] =>
  relations.flatMap((r, kind) => (r.queries >= 20 && r.head === head && r.gain.low > 0 ? [kind] : []));

function offsets(roles: readonly Roles[], uniform: Roles): Score {
  return { id: 'offset', name: 'сдвиг', text: 'лучшее постоянное расстояние, токены', share: false, values: roles.map((r) => r.offset), baseline: uniform.offset, baselineName: UNIFORM };
}

function repeatScores(a: Pick<Atlas, 'repeats' | 'repeatsUniform'>): Score[] {
  return [
    { id: 'repeat-induction', name: 'индукция на случайных повторах', text: 'то же, что «после такого же», но на случайных токенах, повторённых дважды', share: true, values: a.repeats.map((r) => r.induction), baseline: a.repeatsUniform.induction, baselineName: UNIFORM },
    { id: 'repeat-duplicate', name: 'повтор на случайных токенах', text: 'то же, что «такой же токен», но на случайных токенах, повторённых дважды', share: true, values: a.repeats.map((r) => r.duplicate), baseline: a.repeatsUniform.duplicate, baselineName: UNIFORM },
  ];
}

const finish = (source: Omit<Source, 'roles'>, threshold: number): Source =>
  ({ ...source, roles: Array.from({ length: source.layers * source.heads }, (_, h) => naming(source, h, threshold).role) });

export function fromSentences(a: Atlas, threshold: number): Source {
  return finish({
    layers: a.layers, heads: a.heads, relations: a.relations, neighbours: a.neighbours, examples: a.examples,
    scores: [...roleScores(a.roles, a.uniform), ...repeatScores(a), ...relationScores(a.relations), offsets(a.roles, a.uniform)],
  }, threshold);
}

export function fromTreebanks(a: Atlas, native: Native, threshold: number): Source {
  const plain = (id: string, name: string, text: string, values: number[], baselineName: string): Score => ({ id, name, text, values, baseline: 0, baselineName, share: false });
  return finish({
    layers: a.layers, heads: a.heads, relations: native.relations, neighbours: a.neighbours, examples: a.examples,
    scores: [
      ...roleScores(native.roles, native.uniform), ...repeatScores(a), ...relationScores(native.relations), offsets(native.roles, native.uniform),
      ...(native.ablation.zero.length > 0 ? [
        plain('ablation-mean', 'цена абляции средним', 'на сколько растут потери на токен, наты', native.ablation.mean, 'голова на месте'),
        plain('ablation-zero', 'цена абляции нулём', 'на сколько растут потери на токен, наты', native.ablation.zero, 'голова на месте'),
      ] : []),
      plain('copying', 'копирование (собственные числа OV)', 'Σλ / Σ|λ| матрицы W_E W_V W_O W_U, от −1 до 1', native.circuits.copying, 'ни копирует, ни подавляет'),
      { ...plain('self', 'OV: сам себя первым', 'доля токенов, чей собственный логит голова поднимает выше всех', native.circuits.self, 'почти наугад'), share: true },
    ],
  }, threshold);
}
