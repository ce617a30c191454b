// Take heads out and see what the model can no longer do: loss at every place, accuracy on the repeat.
import type { Ablation, HeadRef, RemoteEngine, TaskConfig } from '../../../../wasm/client/types.ts';
import type { Specimen } from '../specimen/specimen.ts';

export const BATCH = 32;
export const PERIOD = 16;
/** Sixteen random letters, then the same sixteen, then again: 48 places. */
export const TASK: TaskConfig = { kind: 'repeat', vocab: 32, length: 48, segment_min: PERIOD, segment_max: PERIOD, tiled: true };

export interface Inputs {
  off: HeadRef[];
  how: Ablation;
  seed: number;
}
export interface Verdict {
  /** Mean loss (nats) and accuracy over the places whose next letter the repeat determines. */
  loss: number;
  accuracy: number;
}
export interface Figure extends Inputs {
  /** [T − 1]: mean loss of predicting the next letter; entry i is about place i + 2, counting from 1. */
  before: ArrayLike<number>;
  after: ArrayLike<number>;
  whole: Verdict;
  cut: Verdict;
  /** Each head taken out alone, layer by layer. */
  importance: Verdict[];
}

type Batch = Awaited<ReturnType<RemoteEngine['taskBatch']>>;
interface Outcome extends Verdict { curve: Float64Array }

/** Mean over sequences of losses [B, T − 1]. */
export function meanCurve(losses: { shape: number[]; data: ArrayLike<number> }): Float64Array {
  const [B, n] = losses.shape as [number, number];
  const out = new Float64Array(n);
  for (let i = 0; i < B * n; i += 1) out[i % n]! += (losses.data[i] as number) / B;
  return out;
}

/** Loss and accuracy where `weights` count, from logits [B, T, V]. */
export function judge(logits: ArrayLike<number>, vocab: number, targets: number[][], weights: number[][]): Verdict {
  let [loss, hits, count, row] = [0, 0, 0, 0];
  targets.forEach((sequence, b) => sequence.forEach((target, t) => {
    if (weights[b]?.[t]) {
      let best = 0;
      for (let v = 1; v < vocab; v += 1) if ((logits[row + v] as number) > (logits[row + best] as number)) best = v;
      const top = logits[row + best] as number;
      let sum = 0;
      for (let v = 0; v < vocab; v += 1) sum += Math.exp((logits[row + v] as number) - top);
      loss += Math.log(sum) + top - (logits[row + target] as number);
      hits += best === target ? 1 : 0;
      count += 1;
    }
    row += vocab;
  }));
  return { loss: loss / count, accuracy: hits / count };
}

async function outcome(engine: RemoteEngine, m: Specimen, batch: Batch, off: HeadRef[], how: Ablation, seed: number): Promise<Outcome> {
  const { tensors, losses } = await engine.run(m.id, { tokens: batch.tokens, capture: ['logits'], ...(off.length > 0 && { ablate: { heads: off, how, seed } }) });
  const logits = tensors.logits;
  if (!logits) throw new Error('the engine sent no logits');
  return { ...judge(logits.data, m.info.config.vocab, batch.targets, batch.weights), curve: meanCurve(losses) };
}

/** What does not depend on the reader's choice of heads, kept per seed and kind of ablation. */
const kept = new Map<string, Promise<{ batch: Batch; whole: Outcome; importance: Verdict[] }>>();

function reference(engine: RemoteEngine, m: Specimen, how: Ablation, seed: number): Promise<{ batch: Batch; whole: Outcome; importance: Verdict[] }> {
  const key = `${m.id} ${how} ${seed}`;
  const measure = async () => {
    const batch = await engine.taskBatch(TASK, BATCH, seed);
    const whole = await outcome(engine, m, batch, [], how, seed);
    const importance: Verdict[] = [];
    for (let layer = 0; layer < m.info.config.layers; layer += 1)
      for (let head = 0; head < m.info.config.heads; head += 1) {
        const { loss, accuracy } = await outcome(engine, m, batch, [{ layer, head }], how, seed);
        importance.push({ loss, accuracy });
      }
    return { batch, whole, importance };
  };
  const found = kept.get(key) ?? measure();
  kept.set(key, found);
  found.catch(() => kept.delete(key));
  return found;
}

export async function ask(engine: RemoteEngine, m: Specimen, { off, how, seed }: Inputs): Promise<Figure> {
  const { batch, whole, importance } = await reference(engine, m, how, seed);
  const cut = await outcome(engine, m, batch, off, how, seed);
  return {
    off, how, seed, before: whole.curve, after: cut.curve, importance,
    whole: { loss: whole.loss, accuracy: whole.accuracy }, cut: { loss: cut.loss, accuracy: cut.accuracy },
  };
}

/** Places are counted from 1, as readers count letters: entry i predicts the letter at place i + 2. */
export const points = (curve: ArrayLike<number>): [number, number][] => Array.from(curve, (y, i) => [i + 2, y]);

export const headName = ({ layer, head }: HeadRef): string => `${layer}.${head}`;
