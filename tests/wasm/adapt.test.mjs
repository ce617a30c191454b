// Adapters, their heads, their first step, and four bits: through the module, as a page asks.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineError } from '../../wasm/client/errors.ts';
import { openEngine } from '../../wasm/client/node.ts';
import { variants } from './recipe.mjs';

const config = { vocab: 8, context: 16, layers: 2, width: 16, heads: 4, head_width: 4 };
const about = { task: { kind: 'repeat', vocab: 8, length: 16, segment_min: 3, segment_max: 8 }, goal: 'permute', batch: 8, seed: 3 };

for (const variant of variants) {
  test(`${variant}: adapters go on from a state, and their heads are told`, async () => {
    const engine = await openEngine({ variant });
    const { id } = engine.createModel(config, 1);
    const options = { ...about, matrices: 'vo', rank: 2, layers: [1] };
    const whole = engine.adaptSteps(id, { ...options, count: 6, weights: true });
    const first = engine.adaptSteps(id, { ...options, count: 4, measure: false });
    assert.ok(Number.isNaN(first.loss));
    assert.deepEqual(engine.adaptSteps(id, { ...options, count: 2 }, first.state).state, whole.state);
    assert.equal(whole.parameters, 2 * 2 * 32);
    const change = engine.headChange(id, about, whole.weights);
    assert.deepEqual(change.weights.shape, [2, 4, 4]);
    assert.equal(Math.max(...change.weights.data.slice(0, 16)), 0); // layer 0 was left alone
    assert.ok(change.weights.data[4 * 4 + 2] > 0);
    assert.equal(Math.max(...change.divergence.data), 0); // values and outputs of the last layer move no map
    assert.deepEqual(change.layerEnough.shape, [2]);
    assert.throws(() => engine.headChange(id, about, whole.weights.subarray(1)), EngineError);
    assert.throws(() => engine.adaptSteps(id, { ...options, matrices: 'z', count: 1 }), EngineError);
  });

  test(`${variant}: the first step, and sixteen levels`, async () => {
    const engine = await openEngine({ variant });
    const { id } = engine.createModel(config, 1);
    const step = engine.firstStep(id, { ...about, matrices: 'q', rank: 4 });
    assert.equal(step.movedA, 0);
    assert.ok(step.movedB > 0 && step.formula < 1e-3 && step.stableRank >= 1);
    assert.equal(engine.firstStep(id, { ...about, matrices: 'q', rank: 4, dead: true }).movedB, 0);
    const flat = engine.fourBits({ source: 'uniform', block: 64 });
    assert.ok(flat.error.data[1] < flat.error.data[0]);
    const model = engine.fourBits({ source: 'model', model: id, block: 16, task: about.task, batch: 8 });
    assert.equal(model.loss.data.length, 4);
    assert.equal(model.weights, 2 * 4 * 256);
    assert.equal(flat.loss, undefined);
  });
}
