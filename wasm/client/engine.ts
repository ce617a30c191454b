// The Engine of types.ts on top of one Core, in this thread: used by the worker and by node.
import { tensor, type Reply } from './core.ts';
import { EngineError } from './errors.ts';
import { LabCalls } from './lab-calls.ts';
import { SLICE_MS, stepsThatFit, updateStepMs, yieldToEvents } from './slices.ts';
import type {
  Attribution, Circuits, Encoding, Engine, EngineInfo, FedModel, FittedPattern, HeadRef, HeadScores, ModelConfig, ModelInfo, ModelPlan, NamedFile,
  RunRequest, RunResult, Sequences, StepMetrics, TaskConfig, TensorData, TokenizerInfo, TrainConfig, TrainPoint, TrainRequest,
} from './types.ts';

interface TrainerState {
  step: number;
  running: boolean;
  pause: boolean;
  /** Step at which the last point was reported; a second one there would say nothing. */
  reported: number;
  elapsed: number;
  stepMs?: number;
  measureMs: number;
}

export class LocalEngine extends LabCalls implements Engine {
  #nextId = 1;
  #trainers = new Map<number, TrainerState>();

  #newId(): number {
    return this.#nextId++;
  }

  info(): EngineInfo {
    const { memory } = this.core.call('census', {}).value as { memory: number };
    return { ...this.core.origin, memory };
  }

  // Handles may be given by the caller (the worker's host does, so that they survive a restart).

  loadModel(safetensors: Uint8Array, id = this.#newId()): ModelInfo {
    return this.core.call('loadModel', { id }, safetensors).value as unknown as ModelInfo;
  }

  createModel(config: ModelConfig, weightsOrSeed: Float32Array | number, id = this.#newId()): ModelInfo {
    const reply =
      typeof weightsOrSeed === 'number'
        ? this.core.call('createModel', { id, config, seed: weightsOrSeed })
        : this.core.call('createModel', { id, config }, weightsOrSeed);
    return reply.value as unknown as ModelInfo;
  }

  saveModel(model: number): Uint8Array {
    return this.core.call('saveModel', { model }).bytes ?? new Uint8Array();
  }

  disposeModel(model: number): void {
    this.core.call('disposeModel', { model });
  }

  run(model: number, request: RunRequest): RunResult {
    const replace = request.replace ?? [];
    const payload = new Float32Array(replace.reduce((total, r) => total + r.value.data.length, 0));
    let offset = 0;
    for (const { value } of replace) {
      payload.set(value.data, offset);
      offset += value.data.length;
    }
    const reply = this.core.call(
      'run',
      { model, ...request, replace: replace.map(({ name, value }) => ({ name, shape: value.shape })) },
      payload,
    );
    const { losses, ...tensors } = reply.tensors;
    return { tensors, loss: reply.value.loss as number, losses: losses ?? tensor(reply, 'losses') };
  }

  headScores(
    model: number,
    on: { tokens: Sequences } | { batch: number; half: number; seed: number },
  ): { heads: HeadScores[]; baseline: HeadScores } {
    return this.core.call('headScores', { model, ...on }).value as { heads: HeadScores[]; baseline: HeadScores };
  }

  circuits(model: number, head: HeadRef): Circuits {
    const reply = this.core.call('circuits', { model, head });
    return {
      qk: tensor(reply, 'qk'),
      ov: tensor(reply, 'ov'),
      qkPositions: tensor(reply, 'qkPositions'),
      eigenvalues: reply.value.eigenvalues as Circuits['eigenvalues'],
      copying: reply.value.copying as number,
    };
  }

  kComposition(model: number, from: HeadRef, to: HeadRef): TensorData {
    return tensor(this.core.call('kComposition', { model, from, to }), 'composition');
  }

  attribution(model: number, tokens: number[], position: number, target: number): Attribution {
    return this.core.call('attribution', { model, tokens, position, target }).value as unknown as Attribution;
  }

  fitPattern(target: Float32Array, size: number, options: { width: number; steps?: number; seed?: number }): FittedPattern {
    const reply = this.core.call('fitPattern', { size, ...options }, target);
    const { divergence, scale } = reply.value as { divergence: number; scale: number };
    return { divergence, scale, pattern: tensor(reply, 'pattern'), query: tensor(reply, 'query'), key: tensor(reply, 'key') };
  }

  generate(
    model: number,
    prompt: number[],
    count: number,
    options: { temperature?: number; top_k?: number; top_p?: number; seed?: number } = {},
  ): number[] {
    return this.core.call('generate', { model, prompt, count, ...options }).value.tokens as number[];
  }

  planModel(config: string, files: { name: string; size: number; header: number }[], headers: Uint8Array, id = this.#newId()): ModelPlan {
    return this.core.call('planModel', { id, config, files }, headers).value as unknown as ModelPlan;
  }

  feedModel(id: number, bytes?: Uint8Array): FedModel {
    return this.core.call('feedModel', { id }, bytes).value as unknown as FedModel;
  }

  async inspectModel(files: readonly NamedFile[]): Promise<ModelPlan> {
    const { plan, readFolder } = await import('./files.ts'); // not in the script of pages that open no files
    const found = await plan(this, await readFolder(files));
    this.disposeModel(found.id);
    return found;
  }

  async openModel(files: readonly NamedFile[], onProgress?: (read: number) => void, signal?: AbortSignal): Promise<ModelInfo> {
    const { feed, plan, readFolder } = await import('./files.ts');
    const folder = await readFolder(files);
    return feed(this, folder, await plan(this, folder), onProgress, signal);
  }

  loadTokenizer(json: Uint8Array, id = this.#newId()): TokenizerInfo {
    return this.core.call('loadTokenizer', { id }, json).value as unknown as TokenizerInfo;
  }

  encode(tokenizer: number, text: string): Encoding {
    return this.core.call('encode', { tokenizer, text }).value as unknown as Encoding;
  }

  decode(tokenizer: number, tokens: number[]): string {
    return this.core.call('decode', { tokenizer, tokens }).value.text as string;
  }

  loadSnapshot(final: number, file: Uint8Array, number: number, after?: number, id = this.#newId()): ModelInfo & { steps: number[] } {
    const request = { id, final, number, ...(after !== undefined && { after }) };
    return this.core.call('loadSnapshot', request, file).value as unknown as ModelInfo & { steps: number[] };
  }

  disposeTokenizer(tokenizer: number): void {
    this.core.call('disposeTokenizer', { tokenizer });
  }

  taskBatch(task: TaskConfig, batch: number, seed: number): ReturnType<Engine['taskBatch']> {
    return this.core.call('taskBatch', { task, batch, seed }).value as ReturnType<Engine['taskBatch']>;
  }

  createTrainer(config: TrainConfig, id = this.#newId(), model = this.#newId()): { id: number; model: ModelInfo } {
    return this.#hold(this.core.call('createTrainer', { id, model, config }));
  }

  resumeTrainer(snapshot: Uint8Array, id = this.#newId(), model = this.#newId()): { id: number; model: ModelInfo } {
    return this.#hold(this.core.call('resumeTrainer', { id, model }, snapshot));
  }

  #hold(reply: Reply): { id: number; model: ModelInfo } {
    const { id, model, step } = reply.value as { id: number; model: ModelInfo; step: number };
    this.#trainers.set(id, { step, running: false, pause: false, reported: -1, elapsed: 0, measureMs: 0 });
    return { id, model };
  }

  #trainer(id: number): TrainerState {
    const state = this.#trainers.get(id);
    if (!state) throw new EngineError('out of range', `there is no trainer ${id} (disposed?)`);
    return state;
  }

  async train(
    trainer: number,
    request: TrainRequest,
    onPoint: (point: TrainPoint) => void,
  ): Promise<{ step: number; stopped: 'done' | 'paused' | 'diverged' }> {
    const state = this.#trainer(trainer);
    const { until, every } = request;
    if (!Number.isInteger(until) || until < 0) throw new EngineError('malformed', 'until must be a whole number of steps');
    if (!Number.isInteger(every) || every < 1) throw new EngineError('malformed', 'every must be a positive whole number');
    if (state.running) throw new EngineError('busy');
    state.running = true;
    state.pause = false;
    try {
      return await this.#trainLoop(trainer, state, request, onPoint);
    } finally {
      state.running = false;
    }
  }

  async #trainLoop(
    trainer: number,
    state: TrainerState,
    { until, every, keepWeights = false }: TrainRequest,
    onPoint: (point: TrainPoint) => void,
  ): Promise<{ step: number; stopped: 'done' | 'paused' | 'diverged' }> {
    let sliceEnd = performance.now() + SLICE_MS;
    /** Before work of this many ms: take a turn of the event loop if the slice cannot hold it. */
    const makeRoom = async (ms: number): Promise<void> => {
      if (performance.now() + ms < sliceEnd) return;
      await yieldToEvents();
      sliceEnd = performance.now() + SLICE_MS;
    };
    // Disposed while training: there is nothing left to measure.
    const gone = (): boolean => this.#trainers.get(trainer) !== state;
    const report = async (): Promise<void> => {
      await makeRoom(state.measureMs);
      if (gone() || state.reported === state.step) return;
      const start = performance.now();
      onPoint(this.#measure(trainer, state, keepWeights));
      state.measureMs = performance.now() - start;
    };

    await report();
    while (state.step < until) {
      await makeRoom(state.stepMs ?? 0);
      if (gone()) return { step: state.step, stopped: 'paused' };
      if (state.pause) {
        await report();
        return { step: state.step, stopped: 'paused' };
      }
      const toNextPoint = every - (state.step % every);
      const count = stepsThatFit(state.stepMs, sliceEnd - performance.now(), Math.min(until - state.step, toNextPoint));
      const start = performance.now();
      const metrics = this.core.call('trainSteps', { trainer, count }).value as unknown as StepMetrics;
      const spent = performance.now() - start;
      if (!Number.isFinite(metrics.loss)) {
        await report();
        return { step: state.step, stopped: 'diverged' };
      }
      state.stepMs = updateStepMs(state.stepMs, spent / count);
      state.elapsed += spent;
      state.step = metrics.step;
      if (state.step % every === 0 || state.step >= until) await report();
    }
    return { step: state.step, stopped: 'done' };
  }

  #measure(trainer: number, state: TrainerState, weights: boolean): TrainPoint {
    const reply = this.core.call('measure', { trainer, weights });
    const point = { ...(reply.value as unknown as TrainPoint), elapsed: state.elapsed };
    const kept = reply.tensors.weights;
    if (kept) point.weights = kept.data;
    state.reported = state.step;
    return point;
  }

  pause(trainer: number): void {
    this.#trainer(trainer).pause = true;
  }

  snapshot(trainer: number): Uint8Array {
    return this.core.call('snapshot', { trainer }).bytes ?? new Uint8Array();
  }

  disposeTrainer(trainer: number): void {
    this.core.call('disposeTrainer', { trainer });
    this.#trainers.delete(trainer);
  }

  /** How much is held, for tests of leaks. */
  census(): { models: number; trainers: number; memory: number; allocated: number } {
    return this.core.call('census', {}).value as ReturnType<LocalEngine['census']>;
  }
}
