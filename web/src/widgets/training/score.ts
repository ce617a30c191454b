// Loss and accuracy of logits on the counted positions of a task's batch.
import type { RemoteEngine, RunRequest, TaskConfig } from '../../../../wasm/client/types';

export interface Batch { tokens: number[][]; targets: number[][]; weights: number[][] }
export interface Verdict { loss: number; accuracy: number; counted: number }

/** logits [B, T, V] row-major. Mean cross-entropy in nats and share of right argmax, where weight > 0. */
export function verdict(logits: Float32Array, V: number, batch: Batch): Verdict {
  let [loss, right, counted] = [0, 0, 0];
  const T = batch.tokens[0]?.length ?? 0;
  batch.targets.forEach((row, b) => row.forEach((target, t) => {
    const w = batch.weights[b]![t]!;
    if (!(w > 0)) return;
    const at = (b * T + t) * V;
    let top = 0;
    for (let v = 1; v < V; v += 1) if (logits[at + v]! > logits[at + top]!) top = v;
    let sum = 0;
    for (let v = 0; v < V; v += 1) sum += Math.exp(logits[at + v]! - logits[at + top]!);
    loss += w * (logits[at + top]! + Math.log(sum) - logits[at + target]!);
    right += top === target ? w : 0;
    counted += w;
  }));
  return { loss: loss / counted, accuracy: right / counted, counted };
}

/** softmax of the last row of logits [1, T, V], most likely first. */
export function nextLetters(logits: Float32Array, T: number, V: number, letters: string, count = 3): { letter: string; p: number }[] {
  const row = Array.from(logits.subarray((T - 1) * V, T * V));
  const top = Math.max(...row);
  const e = row.map((x) => Math.exp(x - top));
  const sum = e.reduce((a, b) => a + b, 0);
  return e.map((x, v) => ({ letter: letters[v] ?? '?', p: x / sum })).sort((a, b) => b.p - a.p).slice(0, count);
}

export async function measure(engine: Pick<RemoteEngine, 'run'>, model: number, V: number, batch: Batch, ablate?: RunRequest['ablate']): Promise<Verdict> {
  const { tensors } = await engine.run(model, { tokens: batch.tokens, capture: ['logits'], ...(ablate ? { ablate } : {}) });
  return verdict(tensors.logits!.data, V, batch);
}

export async function evaluationBatch(engine: Pick<RemoteEngine, 'taskBatch'>, task: TaskConfig, size: number, seed: number): Promise<Batch> {
  const { tokens, targets, weights } = await engine.taskBatch(task, size, seed);
  return { tokens, targets, weights };
}
