// The page's side: keeps a worker alive, and keeps what it takes to make every model and trainer
// again under its old number, so that handles outlive a crash.
import { EngineError } from './errors.ts';
import type { FileCalls } from './files.ts';
import { READY_MS, WorkerLink } from './link.ts';
import type { EngineHost, FedModel, ModelConfig, ModelInfo, ModelPlan, ModuleName, NamedFile, RemoteEngine, TokenizerInfo, TrainConfig, Variant } from './types.ts';

export type Status = ReturnType<EngineHost['status']>;

export interface HostOptions {
  makeWorker: () => Worker;
  /** Absolute address of the folder that holds manifest.json. */
  core: string;
  module: ModuleName;
  variant?: Variant | undefined;
  onStatus: (status: Status) => void;
}

const MAX_RESTARTS = 3;
const RESTART_WINDOW_MS = 60_000;
const RESTARTED_SHOWN_MS = 6000;
/** Ticks of silence that a call on a large model is allowed: two minutes. */
const LONG_CALLS = 240;

/** How to make a handle again in a new worker. */
type Recipe =
  | { kind: 'file'; bytes: Uint8Array }
  | { kind: 'folder'; files: readonly NamedFile[]; onProgress?: ((read: number) => void) | undefined; signal?: AbortSignal | undefined }
  | { kind: 'tokenizer'; bytes: Uint8Array }
  | { kind: 'state'; final: number; bytes: Uint8Array; number: number; after: number | undefined }
  | { kind: 'model'; config: ModelConfig; weightsOrSeed: Float32Array | number }
  | { kind: 'trainer'; model: number; config?: TrainConfig; snapshot?: Uint8Array };
interface Handle {
  recipe: Recipe;
  /** The worker that has it, or is being told to make it. */
  link: WorkerLink;
  made: Promise<unknown>;
}

/** Simple calls, passed on as they are; a first argument that is a number is a handle. */
const PLAIN = ['info', 'taskBatch', 'saveModel', 'run', 'headScores', 'circuits', 'kComposition', 'attribution', 'fitPattern', 'generate', 'encode', 'decode', 'patch', 'trace', 'importance', 'intervene', 'lens', 'patchPaths', 'probe', 'pause', 'snapshot', 'headImportance', 'removalCurve', 'pruneHeads', 'maskWeights', 'gateSteps', 'collapseTower', 'headSimilarity', 'tiledAttention', 'memoryCapacity', 'featureError', 'recallSteps', 'blind', 'rotaryScores', 'positionBias', 'paritySteps', 'onlineErrors', 'schemaSteps', 'gainField', 'adaptSteps', 'headChange', 'firstStep', 'fourBits', 'rowFreedom', 'poolingSteps', 'poolingAccounts'] as const;

const fileCalls = (link: WorkerLink): FileCalls => ({
  planModel: (...args) => link.call('planModel', args) as Promise<ModelPlan>,
  feedModel: (...args) => link.call('feedModel', args) as Promise<FedModel>,
  disposeModel: (...args) => link.call('disposeModel', args) as Promise<void>,
});

export class WorkerHost {
  readonly engine: RemoteEngine & { terminate(): void };
  #options: HostOptions;
  #link: WorkerLink | undefined;
  #started: Promise<void> | undefined;
  #handles = new Map<number, Handle>();
  #ownerOf = new Map<number, number>(); // a trainer's model -> the trainer
  #nextId = 1;
  #restarts: number[] = [];
  #closed = false;

  constructor(options: HostOptions) {
    this.#options = options;
    this.engine = this.#makeEngine();
  }

  /** Resolves when the core is ready; rejects after five seconds, or when it cannot be loaded. */
  start(): Promise<void> {
    if (this.#closed) return Promise.reject(new EngineError('closed'));
    this.#started ??= this.#begin();
    return this.#started;
  }

  #begin(): Promise<void> {
    this.#options.onStatus({ state: 'loading' });
    const link = this.#newLink();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const error = new EngineError('slow start');
        this.#options.onStatus({ state: 'failed', message: error.message });
        reject(error);
        this.#started = link.ready.then(() => {}); // whoever asks again waits for the slow one
        this.#started.catch(() => {});
      }, READY_MS);
      link.ready.then(
        () => {
          clearTimeout(timer);
          this.#options.onStatus({ state: 'ready' });
          resolve();
        },
        (cause: EngineError) => {
          clearTimeout(timer);
          reject(cause);
        },
      );
    });
  }

  #newLink(): WorkerLink {
    const { makeWorker, core, module, variant } = this.#options;
    const link: WorkerLink = new WorkerLink({
      makeWorker,
      core,
      module,
      variant,
      onSnapshot: (trainer, bytes) => {
        const recipe = this.#handles.get(trainer)?.recipe;
        if (recipe?.kind === 'trainer') recipe.snapshot = bytes;
      },
      onDeath: (cause, wasReady) => {
        if (this.#link === link) this.#recover(cause, wasReady);
      },
    });
    this.#link = link;
    return link;
  }

  #recover(cause: EngineError, wasReady: boolean): void {
    this.#link = undefined;
    this.#started = undefined;
    const now = Date.now();
    this.#restarts = this.#restarts.filter((t) => now - t < RESTART_WINDOW_MS);
    // What never came up will not come up now; the reader may ask again («Повторить»).
    if (!wasReady || this.#restarts.length >= MAX_RESTARTS) {
      this.#options.onStatus({ state: 'failed', message: cause.message });
      return;
    }
    this.#restarts.push(now);
    const link = this.#newLink();
    this.#started = link.ready.then(() => {});
    this.#started.catch(() => {});
    this.#options.onStatus({ state: 'restarted', message: cause.message });
    setTimeout(() => {
      if (this.#link === link && !link.dead) void link.ready.then(() => this.#options.onStatus({ state: 'ready' }), () => {});
    }, RESTARTED_SHOWN_MS);
  }

  /** Ends the worker and forgets its handles: the figure is gone. */
  close(): void {
    this.#closed = true;
    this.sleep();
    this.#handles.clear();
  }

  /** Ends the worker but keeps the recipes: a page that comes back from the cache goes on. */
  sleep(): void {
    this.#link?.dismiss();
    this.#link = undefined;
    this.#started = undefined;
  }

  async #live(): Promise<WorkerLink> {
    await this.start();
    if (!this.#link) throw new EngineError('closed');
    return this.#link;
  }

  /** The link, with the model or trainer of this number in it. */
  async #with(id: number): Promise<WorkerLink> {
    const link = await this.#live();
    const handle = this.#handles.get(this.#ownerOf.get(id) ?? id);
    if (handle && handle.link !== link) {
      handle.link = link;
      handle.made = this.#make(link, this.#ownerOf.get(id) ?? id, handle.recipe);
    }
    await handle?.made;
    return link;
  }

  #make(link: WorkerLink, id: number, recipe: Recipe): Promise<unknown> {
    switch (recipe.kind) {
      case 'file':
        return link.call('loadModel', [recipe.bytes, id]);
      case 'folder':
        return this.#open(link, id, recipe);
      case 'tokenizer':
        return link.call('loadTokenizer', [recipe.bytes, id]);
      case 'state': {
        // In a new worker the state before it need not be there any more: then it is made from the beginning.
        const { final, bytes, number, after } = recipe;
        const before = after !== undefined && this.#handles.has(after) ? after : undefined;
        const there = Promise.all([final, before].map((model) => (model === undefined ? link : this.#with(model))));
        return there.then(() => link.call('loadSnapshot', [final, bytes, number, before, id]));
      }
      case 'model':
        return link.call('createModel', [recipe.config, recipe.weightsOrSeed, id]);
      case 'trainer':
        return recipe.snapshot
          ? link.call('resumeTrainer', [recipe.snapshot, id, recipe.model])
          : link.call('createTrainer', [recipe.config, id, recipe.model]);
    }
  }

  /** The files stay with the page: a restarted worker is fed from them again. */
  async #open(link: WorkerLink, id: number, { files, onProgress, signal }: Recipe & { kind: 'folder' }): Promise<ModelInfo> {
    const { feed, plan, readFolder } = await import('./files.ts'); // not in the script of pages that open no files
    const folder = await readFolder(files);
    const calls = fileCalls(link);
    link.patience = LONG_CALLS; // half a billion weights take their time over a sentence
    return feed(calls, folder, await plan(calls, folder, id), onProgress, signal);
  }

  async #inspect(files: readonly NamedFile[]): Promise<ModelPlan> {
    const { plan, readFolder } = await import('./files.ts');
    const calls = fileCalls(await this.#live());
    const found = await plan(calls, await readFolder(files), this.#nextId++);
    await calls.disposeModel(found.id);
    return found;
  }

  async #hold<T>(recipe: Recipe): Promise<T> {
    const id = this.#nextId++;
    if (recipe.kind === 'trainer') recipe.model = this.#nextId++;
    const link = await this.#live();
    const made = this.#make(link, id, recipe);
    this.#handles.set(id, { recipe, link, made });
    if (recipe.kind === 'trainer') this.#ownerOf.set(recipe.model, id);
    try {
      return (await made) as T;
    } catch (cause) {
      this.#forget(id);
      throw cause;
    }
  }

  #forget(id: number): void {
    const recipe = this.#handles.get(id)?.recipe;
    if (recipe?.kind === 'trainer') this.#ownerOf.delete(recipe.model);
    this.#handles.delete(id);
  }

  async #dispose(method: 'disposeModel' | 'disposeTokenizer' | 'disposeTrainer', id: number): Promise<void> {
    const handle = this.#handles.get(id);
    const alive = handle && handle.link === this.#link && !handle.link.dead;
    if (handle && !alive) return this.#forget(id); // it died with its worker
    const link = await this.#with(id);
    try {
      await link.call(method, [id]);
    } catch (cause) {
      if (!link.dead) throw cause;
    }
    this.#forget(id);
  }

  #makeEngine(): RemoteEngine & { terminate(): void } {
    const plain = Object.fromEntries(
      PLAIN.map((method) => [
        method,
        async (...args: unknown[]) => {
          const link = typeof args[0] === 'number' ? await this.#with(args[0]) : await this.#live();
          return link.call(method, args);
        },
      ]),
    ) as unknown as Pick<RemoteEngine, (typeof PLAIN)[number]>;
    return {
      ...plain,
      // Copies: the caller may reuse its buffer, and the recipe must not change with it.
      loadModel: (bytes) => this.#hold<ModelInfo>({ kind: 'file', bytes: bytes.slice() }),
      createModel: (config, weightsOrSeed) =>
        this.#hold<ModelInfo>({
          kind: 'model',
          config: structuredClone(config),
          weightsOrSeed: typeof weightsOrSeed === 'number' ? weightsOrSeed : weightsOrSeed.slice(),
        }),
      inspectModel: (files) => this.#inspect(files),
      openModel: async (files, onProgress, signal) => {
        const recipe: Recipe & { kind: 'folder' } = { kind: 'folder', files: [...files], onProgress, signal };
        const info = await this.#hold<ModelInfo>(recipe);
        recipe.onProgress = recipe.signal = undefined; // of this opening, not of one after a restart
        return info;
      },
      loadTokenizer: (json) => this.#hold<TokenizerInfo>({ kind: 'tokenizer', bytes: json.slice() }),
      loadSnapshot: (final, file, number, after) => this.#hold<ModelInfo & { steps: number[] }>({ kind: 'state', final, bytes: file, number, after }),
      disposeTokenizer: (id) => this.#dispose('disposeTokenizer', id),
      disposeModel: (id) => this.#dispose('disposeModel', id),
      createTrainer: (config) => this.#hold({ kind: 'trainer', model: 0, config: structuredClone(config) }),
      resumeTrainer: (snapshot) => this.#hold({ kind: 'trainer', model: 0, snapshot: snapshot.slice() }),
      train: async (id, request, onPoint) => (await this.#with(id)).train(id, request, onPoint),
      disposeTrainer: (id) => this.#dispose('disposeTrainer', id),
      terminate: () => this.close(),
    };
  }
}
