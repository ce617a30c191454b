// What the page asks of a model that the reader brought, and what it makes of the answers.
import type { Ablation, HeadRef, ModelPlan, NamedFile, RemoteEngine, TensorData } from '../../../../wasm/client/types.ts';
import type { Subject } from '../head-atlas/model.ts';
import type { TextReader } from './tokenizer.ts';

const MAX_TOKENS = 160;
/** The core takes 2^26 floats for one run (check_run_size in wasm/request.cpp); a sixteenth is left to spare. */
const MAX_FLOATS = 0.94 * 2 ** 26;

/** Longer texts are cut: maps of every layer grow with the square, and a row of logits is as long as the vocabulary. */
export function maxTokens({ config: c, predicts }: ModelPlan): number {
  const [kind, inner] = [Number(c.head_width ?? 0) || c.width / c.heads, Number(c.mlp_width ?? 0) || 4 * c.width];
  const perToken = 8 * c.width + 6 * c.heads * kind + 3 * inner + 2 * (predicts ? c.vocab : c.width);
  const perPair = (2 * c.layers + 1) * c.heads;
  let T = Math.min(MAX_TOKENS, c.context);
  while (T > 1 && perPair * T * T + perToken * T > MAX_FLOATS) T -= 1;
  return T;
}

export interface Opened extends Subject {
  plan: ModelPlan;
  reader: TextReader;
  name: string;
}

const GB = 2 ** 30;
const MB = 2 ** 20;
const decimal = (x: number, digits: number): string => x.toFixed(digits).replace('.', ',');
export const size = (bytes: number): string =>
  bytes >= GB ? `${decimal(bytes / GB, 2)} ГБ` : bytes >= 100 * MB ? `${Math.round(bytes / MB)} МБ` : bytes >= MB ? `${decimal(bytes / MB, 1)} МБ` : `${Math.max(1, Math.round(bytes / 1024))} КБ`;
export const count = (n: number): string => (n >= 1e9 ? `${decimal(n / 1e9, 2)} млрд` : n >= 1e6 ? `${decimal(n / 1e6, 1)} млн` : n >= 1e4 ? `${Math.round(n / 1e3)} тыс.` : String(n));

const NAMES: Record<string, string> = { gpt2: 'GPT-2', llama: 'LLaMA', mistral: 'Mistral', qwen2: 'Qwen2', qwen3: 'Qwen3', bert: 'BERT' };
export const familyName = (plan: ModelPlan): string => NAMES[plan.modelType] ?? plan.modelType;

/** The estimate as rows of a table, before anything is loaded. */
export function estimate(plan: ModelPlan): [string, string][] {
  const c = plan.config;
  const kv = Number(c.kv_heads ?? 0);
  const heads = kv > 0 && kv !== c.heads ? `${c.heads} (наборов ключей и значений: ${kv})` : String(c.heads);
  return [
    ['семейство', familyName(plan)],
    ['слоёв', String(c.layers)],
    ['голов в слое', heads],
    ['ширина потока', String(c.width)],
    ['словарь', String(c.vocab)],
    ['параметров', count(plan.parameters)],
    ['веса записаны как', plan.dtypes.replaceAll(' and ', ' и ')],
    ['прочитать с диска', size(plan.readBytes)],
    ['память под веса', size(plan.weightBytes)],
    [`память на текст в ${plan.runTokens} токенов`, size(plan.runBytes)],
    ['нужно всего', `около ${size(plan.needed)} из ${size(plan.limit)}`],
  ];
}

/** Why a model will not be opened; '' when it will. */
export const refusal = (plan: ModelPlan): string =>
  plan.fits ? '' : `Эта модель не поместится: ей нужно около ${size(plan.needed)}, а WebAssembly не даст вкладке больше ${size(plan.limit)}. Возьмите модель поменьше или ту же в F16 либо BF16.`;

/** The folder's name, for the heading. */
export function folderName(files: readonly NamedFile[], plan: ModelPlan): string {
  const folder = files.map((f) => f.name.split('/')).find((parts) => parts.length > 1)?.at(-2);
  return folder ?? familyName(plan);
}

export interface Reading {
  /** How many tokens of the text were left out. */
  left: number;
  ids: number[];
  labels: string[];
  /** [L · H] maps of [T, T]. */
  maps: Float32Array[];
  /** What comes out above each token, [T, V] logits or [T, D] states. */
  outputs: TensorData;
}

const patternName = (layer: number): string => `blocks.${layer}.attn.pattern`;

/** One text through the model, with some heads silenced. */
export async function read(engine: RemoteEngine, m: Opened, text: string, off: readonly HeadRef[] = [], how: Ablation = 'zero'): Promise<Reading> {
  const cut = m.reader.cut(text);
  const limit = maxTokens(m.plan);
  const [ids, labels] = [cut.ids.slice(0, limit), cut.labels.slice(0, limit)];
  if (ids.length === 0) throw new Error(m.reader.text ? 'Наберите хоть что-нибудь' : 'Наберите номера токенов через запятую');
  const { layers, heads } = m.info.config;
  const names = Array.from({ length: layers }, (_, l) => patternName(l));
  const { tensors } = await engine.run(m.id, { tokens: [ids], capture: names, output: true, ...(off.length > 0 && { ablate: { heads: [...off], how } }) });
  const maps = names.flatMap((name) => {
    const { data } = tensors[name] as TensorData;
    const one = ids.length ** 2;
    return Array.from({ length: heads }, (_, h) => data.subarray(h * one, (h + 1) * one));
  });
  return { left: cut.ids.length - ids.length, ids, labels, maps, outputs: tensors.output as TensorData };
}

export const row = ({ shape, data }: TensorData, t: number): Float32Array => data.subarray(t * shape.at(-1)!, (t + 1) * shape.at(-1)!);

export interface Guess {
  id: number;
  p: number;
  logit: number;
}
/** The k likeliest tokens of one row of logits. */
export function topK(logits: Float32Array, k: number): Guess[] {
  let top = -Infinity;
  for (const x of logits) top = Math.max(top, x);
  let sum = 0;
  for (const x of logits) sum += Math.exp(x - top);
  const best: Guess[] = [];
  for (let id = 0; id < logits.length; id += 1) {
    const logit = logits[id] as number;
    if (best.length === k && logit <= best[k - 1]!.logit) continue;
    let at = best.length;
    while (at > 0 && best[at - 1]!.logit < logit) at -= 1;
    best.splice(at, 0, { id, logit, p: Math.exp(logit - top) / sum });
    if (best.length > k) best.pop();
  }
  return best;
}

export const probability = (logits: Float32Array, id: number): number => {
  let top = -Infinity;
  for (const x of logits) top = Math.max(top, x);
  let sum = 0;
  for (const x of logits) sum += Math.exp(x - top);
  return Math.exp((logits[id] as number) - top) / sum;
};

/** ‖a − b‖ / ‖a‖: how far a state moved. */
export function moved(a: Float32Array, b: Float32Array): number {
  let [difference, norm] = [0, 0];
  a.forEach((x, i) => {
    difference += (x - (b[i] as number)) ** 2;
    norm += x ** 2;
  });
  return norm > 0 ? Math.sqrt(difference / norm) : 0;
}

export type Overview = 'first' | 'previous' | 'self' | 'entropy';
export const OVERVIEWS: { value: Overview; label: string }[] = [
  { value: 'first', label: 'первый токен' }, { value: 'previous', label: 'предыдущий' }, { value: 'self', label: 'сам токен' }, { value: 'entropy', label: 'энтропия' },
];

/** One number per head on this very text, in 0…1: mean over the rows that can have it. Not a role: the atlas measures those. */
export function overview(map: Float32Array, T: number, what: Overview, causal: boolean): number {
  let [sum, rows] = [0, 0];
  for (let t = what === 'self' ? 0 : 1; t < T; t += 1) {
    rows += 1;
    if (what === 'entropy') {
      let entropy = 0;
      for (let s = 0; s < T; s += 1) { const w = map[t * T + s] as number; if (w > 0) entropy -= w * Math.log(w); }
      sum += entropy / Math.log(causal ? t + 1 : T);
    } else sum += map[t * T + (what === 'first' ? 0 : what === 'previous' ? t - 1 : t)] as number;
  }
  return rows > 0 ? Math.min(1, sum / rows) : 0;
}

/** How many of the course's sentences a survey takes by default: every pair of heads is compared on each. */
export const sentencesFor = (heads: number, all: number): number => (heads <= 64 ? all : Math.min(all, heads <= 160 ? 100 : 40));
