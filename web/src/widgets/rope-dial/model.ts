// A RoPE model trained on 32 tokens is read on longer texts through another ladder of frequencies: no weight changes.
import type { ModelConfig, RemoteEngine, TrainConfig } from '../../../../wasm/client/types';
import { median } from '../../lib/statistics.ts';
import { accuracy, config, segment, SEGMENTS, text, TRAINED } from '../length-race/model.ts';
import { EXTENSIONS, EXTENSION_NAMES, type Extension } from '../rope-hands/model.ts';

export const FACTORS = [2, 4] as const;
export const PAIRS = 8; // of a head of width 16
export const WIDTH = 16;
export const SHORT = 8; // the text well inside the trained length that no method should spoil
export { EXTENSIONS, EXTENSION_NAMES, SEGMENTS, type Extension };

/** loud: the scores by YaRN's multiplier whatever the extension (true), or never (false); absent: as the extension has it. */
export interface Setting { extension: Extension; factor: number; kept: number; loud?: boolean }
export const nameOf = (v: Setting): string => `${EXTENSION_NAMES[v.extension]}${v.extension === 'none' ? '' : ` ×${v.factor}`}${v.kept && v.kept < PAIRS ? `, вращаются ${v.kept}` : ''}${v.loud === undefined ? '' : v.loud ? ', громче' : ', не громче'}`;
const same = (a: Setting, b: Setting): boolean => a.extension === b.extension && (a.extension === 'none' || a.factor === b.factor) && (a.kept || PAIRS) === (b.kept || PAIRS) && a.loud === b.loud;

/** Every setting of the record: the methods at both factors, and fewer and fewer pairs. */
export const SETTINGS: Setting[] = [
  { extension: 'none', factor: 1, kept: PAIRS },
  ...FACTORS.flatMap((factor) => EXTENSIONS.filter((e) => e !== 'none').map((extension): Setting => ({ extension, factor, kept: PAIRS }))),
  ...[6, 4, 3, 2, 1].map((kept): Setting => ({ extension: 'none', factor: 1, kept })),
  // YaRN taken apart: its frequencies alone, its loudness alone.
  { extension: 'yarn', factor: 4, kept: PAIRS, loud: false },
  { extension: 'none', factor: 4, kept: PAIRS, loud: true },
];
const loudness = (v: Setting): object => (v.loud === undefined ? {} : { rope_magnitude: v.loud ? 0.1 * Math.log(v.factor) + 1 : 1 });

export interface Reading { accuracy: number[]; previous: number }
type Asked = Pick<RemoteEngine, 'run' | 'taskBatch' | 'headScores' | 'createModel' | 'disposeModel' | 'rotaryScores'>;

/** The model's config with another ladder. */
export async function ladder(engine: Pick<RemoteEngine, 'rotaryScores'>, v: Setting): Promise<ModelConfig> {
  const { config: fields } = await engine.rotaryScores({ width: WIDTH, distances: 1, extension: v.extension, factor: v.extension === 'none' ? 1 : v.factor, context: TRAINED, kept: v.kept === PAIRS ? 0 : v.kept });
  return { ...config('rope', 1).model, ...fields, ...loudness(v) };
}

/** Accuracy at each of SEGMENTS, and the best previous-token head of layer 0 on short texts. */
export async function read(engine: Asked, weights: Float32Array, v: Setting): Promise<Reading> {
  const { id } = await engine.createModel(await ladder(engine, v), weights);
  try {
    const out: number[] = [];
    for (const n of SEGMENTS) out.push(await accuracy(engine, id, segment(n)));
    const { tokens } = await engine.taskBatch(segment(SHORT), 64, 5);
    const { heads } = await engine.headScores(id, { tokens });
    return { accuracy: out, previous: Math.max(...heads.filter((h) => h.layer === 0).map((h) => h.previous)) };
  } finally {
    await engine.disposeModel(id);
  }
}

export const [TUNE_STEPS, TUNE_EVERY, TUNE_LENGTH, TUNED] = [150, 25, 64, 32];
/** More training, now on texts of 64 tokens whose segments are as long as 32. */
export const tuning = (model: ModelConfig, seed: number): TrainConfig & { steps: number } => ({
  ...config('rope', seed), model, task: { ...text(TUNE_LENGTH), segment_max: TUNED }, schedule: { kind: 'constant', learning_rate: 0.001, warmup: 20 }, steps: TUNE_STEPS, seed: 1000 + seed,
});

/** Of one method at s = 2: accuracy at n = 32 by step of tuning, and at every length at its end; per seed. */
export interface Tuned { extension: Extension; curve: number[][]; end: number[][] }
export interface Row extends Setting { readings: Reading[] }
export interface Recorded { commit: string; seeds: number[]; rows: Row[]; tuned: Tuned[] }
export const find = (r: Recorded, v: Setting): Row | undefined => r.rows.find((row) => same(row, v));
export const curve = (row: Row): [number, number][] => SEGMENTS.map((n, i) => [n, median(row.readings.map((x) => x.accuracy[i]!))]);
export const at = (row: Row, n: number): number[] => row.readings.map((x) => x.accuracy[SEGMENTS.indexOf(n as (typeof SEGMENTS)[number])]!);
