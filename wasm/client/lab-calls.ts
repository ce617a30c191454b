// The calls that only attn-lab answers, each one question and its answer: what a page asks of a model's heads, and of mechanisms
// that need no model. Files, text and snapshots, which hold handles, are in engine.ts.
import { tensor, type Core } from './core.ts';
import type {
  AdaptRun, AdaptTask, FirstStep, FourBits, FourBitsRequest, HeadChange,
  CapacityRequest, Engine, FeatureErrors, FeatureRequest, FreedomRequest, GateRun, HeadImportance, HeadRef, HeadSimilarity, ImportanceRequest, InterventionRequest,
  Interventions, LensState, ModelConfig, ParityRun, Patched, PatchedPaths, PatchRequest, PathsRequest, PoolingAccounts, PoolingRun, PositionBias, ProbeReport,
  ProbeRequest, RecallRun, RemovalCurve, RowFreedom, RotaryRequest, RotaryScores, SchemaRun, Sequences, StreamRequest, TensorData, Tiled, TileRequest, TokenImportance, Tower, TowerFloor,
  TowerRequest, Traced, TraceRequest,
} from './types.ts';

export class LabCalls {
  protected readonly core: Core;

  constructor(core: Core) {
    this.core = core;
  }

  headImportance(model: number, request: Parameters<Engine['headImportance']>[1]): HeadImportance {
    const { value, tensors } = this.core.call('headImportance', { model, ...request });
    return { ...(value as { loss: number; accuracy: number }), ...tensors };
  }

  removalCurve(model: number, request: Parameters<Engine['removalCurve']>[1]): RemovalCurve {
    const reply = this.core.call('removalCurve', { model, ...request });
    return { order: reply.value.order as HeadRef[], loss: tensor(reply, 'loss').data, accuracy: tensor(reply, 'accuracy').data };
  }

  pruneHeads(model: number, request: Parameters<Engine['pruneHeads']>[1]): { config: ModelConfig; weights: Float32Array } {
    const reply = this.core.call('pruneHeads', { model, ...request });
    return { config: reply.value.config as ModelConfig, weights: tensor(reply, 'weights').data };
  }

  maskWeights(model: number, request: Parameters<Engine['maskWeights']>[1]): { loss: number; accuracy: number } {
    return this.core.call('maskWeights', { model, ...request }).value as { loss: number; accuracy: number };
  }

  gateSteps(model: number, request: Parameters<Engine['gateSteps']>[1], state?: Float32Array): GateRun {
    const reply = this.core.call('gateSteps', { model, ...request }, state);
    const { step, loss, accuracy } = reply.value as { step: number; loss?: number; accuracy?: number };
    return {
      step, loss: loss ?? Number.NaN, accuracy: accuracy ?? Number.NaN, gates: tensor(reply, 'gates'), open: tensor(reply, 'open'),
      state: tensor(reply, 'state').data, ...(reply.tensors.weights && { weights: reply.tensors.weights.data }),
    };
  }

  patch(model: number, request: PatchRequest): Patched {
    const reply = this.core.call('patch', { model, ...request });
    return { ...(reply.value as unknown as Pick<Patched, 'clean' | 'corrupted' | 'agreement'>), effect: tensor(reply, 'effect').data, estimate: tensor(reply, 'estimate').data };
  }

  trace(model: number, request: TraceRequest): Traced {
    const reply = this.core.call('trace', { model, ...request });
    return { ...(reply.value as unknown as Pick<Traced, 'clean' | 'corrupted' | 'std'>), restored: tensor(reply, 'restored') };
  }

  importance(model: number, request: ImportanceRequest): TokenImportance {
    const { tensors } = this.core.call('importance', { model, ...request });
    return Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, t.data])) as unknown as TokenImportance;
  }

  intervene(model: number, request: InterventionRequest): Interventions {
    const reply = this.core.call('intervene', { model, ...request });
    const { rows, maps } = reply.tensors;
    return { losses: tensor(reply, 'losses'), difference: tensor(reply, 'difference').data, ...(rows && { rows }), ...(maps && { maps }) };
  }

  lens(model: number, tokens: number[], position: number, target: number): LensState[] {
    return this.core.call('lens', { model, tokens, position, target }).value.depths as LensState[];
  }

  patchPaths(model: number, request: PathsRequest): PatchedPaths {
    const reply = this.core.call('patchPaths', { model, ...request });
    const data = (name: string): Float32Array => tensor(reply, name).data;
    return { ...(reply.value as { clean: number; corrupted: number }), edges: data('edges'), layers: data('layers'), direct: data('direct'), total: data('total') };
  }

  probe(model: number, request: ProbeRequest): ProbeReport {
    return this.core.call('probe', { model, ...request }).value as unknown as ProbeReport;
  }

  collapseTower(request: TowerRequest): Tower {
    const reply = this.core.call('collapseTower', { ...request });
    const { floors } = reply.value as unknown as { floors: TowerFloor[] };
    const orNull = (x: number | null): number | null => (Number.isNaN(x) ? null : x); // the core's null was read as NaN
    return { floors: floors.map((f) => ({ ...f, residual: orNull(f.residual), entropy: orNull(f.entropy) })), cosines: tensor(reply, 'cosines') };
  }

  headSimilarity(model: number, tokens: Sequences): HeadSimilarity {
    const reply = this.core.call('headSimilarity', { model, tokens });
    const { merges } = reply.value as unknown as Pick<HeadSimilarity, 'merges'>;
    return { merges, distance: tensor(reply, 'distance'), cka: tensor(reply, 'cka') };
  }

  tiledAttention(request: TileRequest): Tiled {
    const reply = this.core.call('tiledAttention', { ...request });
    const [maximum, denominator, rescaled] = ['maximum', 'denominator', 'rescaled'].map((name) => tensor(reply, name).data) as [Float32Array, Float32Array, Float32Array];
    return { ...(reply.value as unknown as Pick<Tiled, 'error' | 'traffic' | 'untiled' | 'rescales' | 'mean_rescales'>), maximum, denominator, rescaled };
  }

  memoryCapacity(request: CapacityRequest): TensorData {
    return tensor(this.core.call('memoryCapacity', { ...request }), 'share');
  }

  featureError(request: FeatureRequest): FeatureErrors {
    const reply = this.core.call('featureError', { ...request });
    return { ...(reply.value as unknown as Pick<FeatureErrors, 'truth' | 'theory'>), ratios: tensor(reply, 'ratios').data };
  }

  recallSteps(request: Parameters<Engine['recallSteps']>[0], state?: Float32Array): RecallRun {
    const reply = this.core.call('recallSteps', { ...request }, state);
    return { loss: Number.NaN, accuracy: Number.NaN, ...(reply.value as unknown as Pick<RecallRun, 'step' | 'parameters' | 'memory'>), state: tensor(reply, 'state').data };
  }

  blind(model: number, { tokens, seen, how }: { tokens: number[]; seen: Float32Array; how: 'evict' | 'silence' }): TensorData {
    return tensor(this.core.call('blind', { model, tokens, how }, seen), 'losses');
  }

  rotaryScores(request: RotaryRequest): RotaryScores {
    const reply = this.core.call('rotaryScores', { ...request });
    const { config } = reply.value as unknown as Pick<RotaryScores, 'config'>;
    return { config, parts: tensor(reply, 'parts'), frequency: tensor(reply, 'frequency'), q: tensor(reply, 'q'), k: tensor(reply, 'k') };
  }

  paritySteps(request: Parameters<Engine['paritySteps']>[0], state?: Float32Array): ParityRun {
    const reply = this.core.call('paritySteps', { ...request }, state);
    return { step: reply.value.step as number, accuracy: tensor(reply, 'accuracy').data, gates: tensor(reply, 'gates'), state: tensor(reply, 'state').data };
  }

  onlineErrors(request: StreamRequest): TensorData {
    return tensor(this.core.call('onlineErrors', { ...request }), 'errors');
  }

  schemaSteps(request: Parameters<Engine['schemaSteps']>[0], state?: Float32Array): SchemaRun {
    const reply = this.core.call('schemaSteps', { ...request }, state);
    return { ...(reply.value as unknown as Pick<SchemaRun, 'step' | 'own' | 'foreign'>), state: tensor(reply, 'state').data };
  }

  gainField(request: Parameters<Engine['gainField']>[0], drive: Float32Array): TensorData {
    return tensor(this.core.call('gainField', { ...request }, drive), 'response');
  }

  adaptSteps(model: number, request: Parameters<Engine['adaptSteps']>[1], state?: Float32Array): AdaptRun {
    const reply = this.core.call('adaptSteps', { model, ...request }, state);
    const numbers = reply.value as unknown as Pick<AdaptRun, 'step' | 'parameters'>;
    return {
      loss: Number.NaN, accuracy: Number.NaN, keptLoss: Number.NaN, kept: Number.NaN, ...numbers,
      state: tensor(reply, 'state').data, ...(reply.tensors.weights && { weights: reply.tensors.weights.data }),
    };
  }

  headChange(model: number, request: AdaptTask, weights: Float32Array): HeadChange {
    const reply = this.core.call('headChange', { model, ...request }, weights);
    return { ...(reply.value as { base: number; tuned: number }), ...reply.tensors } as HeadChange;
  }

  firstStep(model: number, request: Parameters<Engine['firstStep']>[1]): FirstStep {
    return this.core.call('firstStep', { model, ...request }).value as unknown as FirstStep;
  }

  fourBits(request: FourBitsRequest): FourBits {
    const reply = this.core.call('fourBits', { ...request });
    return { ...(reply.value as { bits: number; weights: number }), ...reply.tensors } as FourBits;
  }

  rowFreedom(request: FreedomRequest, row?: Float32Array): RowFreedom {
    const reply = this.core.call('rowFreedom', { ...request }, row);
    const [alpha, farthest, low, high] = ['alpha', 'farthest', 'low', 'high'].map((name) => tensor(reply, name).data) as [Float32Array, Float32Array, Float32Array, Float32Array];
    return { ...(reply.value as unknown as Pick<RowFreedom, 'rank' | 'distance' | 'bound' | 'gap'>), alpha, farthest, low, high };
  }

  poolingSteps(request: Parameters<Engine['poolingSteps']>[0], state?: Float32Array): PoolingRun {
    const reply = this.core.call('poolingSteps', { ...request }, state);
    return { ...(reply.value as unknown as Omit<PoolingRun, 'state'>), state: tensor(reply, 'state').data };
  }

  poolingAccounts(request: Parameters<Engine['poolingAccounts']>[0], state: Float32Array): PoolingAccounts {
    const reply = this.core.call('poolingAccounts', { ...request }, state);
    return Object.fromEntries(['tokens', 'logit', 'weight', 'carried', 'gradient', 'left_out', 'agreement', 'shuffled'].map((name) => [name, tensor(reply, name)])) as unknown as PoolingAccounts;
  }

  positionBias(request: Parameters<Engine['positionBias']>[0]): PositionBias {
    const reply = this.core.call('positionBias', { ...request });
    return { slopes: tensor(reply, 'slopes').data, bucket: tensor(reply, 'bucket').data };
  }
}
