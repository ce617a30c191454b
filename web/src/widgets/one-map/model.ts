// Take every head's own map away: one layer, its values and outputs as they were, but all four heads look where one map says.
import type { RemoteEngine, TaskConfig, TensorData } from '../../../../wasm/client/types.ts';
import { encode } from '../../kit/letters.ts';
import { judge, type Verdict } from '../head-knockout/model.ts';
import { headMap, type Specimen } from '../specimen/specimen.ts';

export const TEXT = 'республикареспубли';
export const BATCH = 32;
/** The task that the specimen was trained on. */
export const TASK: TaskConfig = { kind: 'repeat', vocab: 32, length: 48, segment_min: 8, segment_max: 24, tiled: true };
export const HEADS = 4;

/** Whose map all heads of the layer use: everyone's own, the mean of the four, or the map of one. */
export const CHOICES = ['own', 'mean', '0', '1', '2', '3'] as const;
export type ChoiceName = (typeof CHOICES)[number];
export const title = (c: ChoiceName, layer: number): string => (c === 'own' ? 'у каждой своя' : c === 'mean' ? 'одна: средняя' : `одна: головы ${layer}.${c}`);

/** Every head's slot filled with the same map. pattern [B, H, T, S]; `of` is a head or the mean over heads. */
export function shared(pattern: TensorData, of: number | 'mean'): TensorData {
  const [B, H, T, S] = pattern.shape as [number, number, number, number];
  const n = T * S;
  const data = new Float32Array(pattern.data.length);
  for (let b = 0; b < B; b += 1) {
    const slot = (h: number): Float32Array => pattern.data.subarray((b * H + h) * n, (b * H + h + 1) * n);
    const one = of === 'mean' ? new Float32Array(n) : slot(of);
    if (of === 'mean') for (let h = 0; h < H; h += 1) slot(h).forEach((v, i) => void (one[i]! += v / H));
    for (let h = 0; h < H; h += 1) data.set(one, (b * H + h) * n);
  }
  return { shape: pattern.shape, data };
}

export interface Inputs { seed: number }
export interface Figure {
  seed: number;
  /** verdicts[layer][choice], in the order of CHOICES. */
  verdicts: Verdict[][];
  /** maps[layer][head], [T, T] on TEXT. */
  maps: ArrayLike<number>[][];
  /** [layer][head] on random repeats. */
  scores: { previous: number; induction: number }[][];
}

const name = (layer: number): string => `blocks.${layer}.attn.pattern`;

export async function ask(engine: RemoteEngine, m: Specimen, { seed }: Inputs): Promise<Figure> {
  const batch = await engine.taskBatch(TASK, BATCH, seed);
  const layers = m.info.config.layers;
  const { tensors } = await engine.run(m.id, { tokens: batch.tokens, capture: [0, 1].map(name) });
  const verdict = async (replace?: { name: string; value: TensorData }[]): Promise<Verdict> => {
    const out = await engine.run(m.id, { tokens: batch.tokens, capture: ['logits'], ...(replace && { replace }) });
    const { loss, accuracy } = judge(out.tensors.logits!.data, m.info.config.vocab, batch.targets, batch.weights);
    return { loss, accuracy };
  };
  const verdicts: Verdict[][] = [];
  for (let layer = 0; layer < layers; layer += 1) {
    const row: Verdict[] = [];
    for (const c of CHOICES) row.push(await verdict(c === 'own' ? undefined : [{ name: name(layer), value: shared(tensors[name(layer)]!, c === 'mean' ? 'mean' : Number(c)) }]));
    verdicts.push(row);
  }
  const reading = await engine.run(m.id, { tokens: [encode(TEXT)], capture: [0, 1].map(name) });
  const maps = [0, 1].map((layer) => Array.from({ length: HEADS }, (_, h) => headMap(reading.tensors[name(layer)]!, h)));
  const { heads } = await engine.headScores(m.id, { batch: 32, half: 24, seed: 1 });
  const scores = [0, 1].map((layer) => heads.filter((h) => h.layer === layer).map(({ previous, induction }) => ({ previous, induction })));
  return { seed, verdicts, maps, scores };
}

/** The map that the chosen way shows: of one head, or the mean. */
export function mapOf(maps: readonly ArrayLike<number>[], c: ChoiceName): ArrayLike<number> | null {
  if (c === 'own') return null;
  if (c !== 'mean') return maps[Number(c)]!;
  return Float32Array.from(maps[0]!, (_, i) => maps.reduce((sum, map) => sum + (map[i] as number), 0) / maps.length);
}

export interface Recorded {
  commit: string;
  /** Of seed 1; maps in packed form. */
  figure: { seed: number; verdicts: Verdict[][]; scores: Figure['scores'] };
  maps: { max: number; signed: boolean; codes: string }[][];
  /** Five seeds: [seed][layer][choice]. */
  accuracy: number[][][];
}
