// Chapter 12 through the client: the calls answer in the promised form, and a life of gates can be cut and continued.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineError, openEngine } from '../../wasm/client/node.ts';
import { variants } from './recipe.mjs';

const config = { vocab: 8, context: 16, layers: 2, width: 16, heads: 4, head_width: 4 };
const exam = { task: { kind: 'repeat', vocab: 8, length: 16, segment_min: 3, segment_max: 8 }, batch: 8, seed: 3 };
const head = (layer, h) => ({ layer, head: h });

for (const variant of variants) {
  test(`${variant}: heads are weighed, taken out and cut off`, async () => {
    const engine = await openEngine({ variant });
    const { id } = engine.createModel(config, 1);
    const f = engine.headImportance(id, { ...exam, mean: true, writes: true });
    for (const part of ['example', 'token', 'batch', 'zero', 'mean', 'asked', 'other', 'largest']) assert.deepEqual(f[part].shape, [2, 4], part);
    const { loss, accuracy, order } = engine.removalCurve(id, { ...exam, order: [head(1, 2), head(0, 1)] });
    assert.deepEqual([loss.length, accuracy.length, order.length], [3, 3, 2]);
    assert.ok(Math.abs(loss[1] - (f.loss + f.zero.data[6])) < 1e-5);
    assert.equal(engine.removalCurve(id, { ...exam, draw: 4 }).order.length, 8);
    const remove = [head(0, 0), head(1, 3)];
    const { config: smaller, weights } = engine.pruneHeads(id, { remove, slice: true });
    assert.equal(smaller.heads, 3);
    const cut = engine.createModel(smaller, weights);
    const after = engine.headImportance(cut.id, { ...exam, gradient: false, zero: false });
    const masked = engine.headImportance(id, { ...exam, gone: remove, gradient: false, zero: false });
    assert.ok(Math.abs(after.loss - masked.loss) < 1e-5);
    assert.throws(() => engine.pruneHeads(id, { remove: [head(0, 0)], slice: true }), EngineError);
  });

  test(`${variant}: weights are masked and gates trained, state in, state out`, async () => {
    const engine = await openEngine({ variant });
    const { id } = engine.createModel(config, 1);
    const { loss } = engine.maskWeights(id, { ...exam, how: 'wanda', fraction: 0, calibration: 9 });
    assert.ok(Math.abs(loss - engine.headImportance(id, { ...exam, gradient: false, zero: false }).loss) < 1e-6);
    const options = { ...exam, penalty: 0.1 };
    const whole = engine.gateSteps(id, { ...options, count: 9, weights: true });
    const first = engine.gateSteps(id, { ...options, count: 5, measure: false });
    assert.ok(Number.isNaN(first.loss));
    assert.deepEqual(engine.gateSteps(id, { ...options, count: 4 }, first.state).state, whole.state);
    assert.equal(whole.weights.length, engine.pruneHeads(id, { remove: [] }).weights.length);
    assert.throws(() => engine.gateSteps(id, { ...options, count: 1 }, whole.state.subarray(1)), EngineError);
  });
}
