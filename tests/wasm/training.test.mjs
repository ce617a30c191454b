// Training through the client: reproducible, resumable to the bit, and interruptible.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineError, openEngine } from '../../wasm/client/node.ts';
import { SLICE_MS, stepsThatFit, updateStepMs } from '../../wasm/client/slices.ts';
import { recipe, variants } from './recipe.mjs';

const small = (seed = 1) => recipe(seed, { model: { vocab: 8, context: 16, width: 16, heads: 2 }, task: { vocab: 8, length: 16, segment_min: 3, segment_max: 8 }, batch: 8 });
const trained = async (engine, id, until, every = 10, keepWeights = false) => {
  const points = [];
  const end = await engine.train(id, { until, every, keepWeights }, (point) => points.push(point));
  return { points, end };
};

for (const variant of variants) {
  test(`${variant}: points at the first step, every so many, and the last`, async () => {
    const engine = await openEngine({ variant });
    const { id, model } = engine.createTrainer(small());
    const { points, end } = await trained(engine, id, 25, 10, true);
    assert.deepEqual(points.map((p) => p.step), [0, 10, 20, 25]);
    assert.deepEqual(end, { step: 25, stopped: 'done' });
    for (const p of points) {
      assert.equal(p.heads.length, 4);
      for (const key of ['loss', 'accuracy', 'evalLoss', 'evalAccuracy', 'grad_norm', 'learning_rate', 'elapsed']) assert.ok(Number.isFinite(p[key]), `${key} at ${p.step}`);
    }
    // A kept point can be looked at again: same weights, same model.
    const again = engine.createModel(small().model, points.at(-1).weights);
    const tokens = [[0, 1, 2, 3, 4]];
    assert.deepEqual(
      engine.run(again.id, { tokens, capture: ['logits'] }).tensors.logits.data,
      engine.run(model.id, { tokens, capture: ['logits'] }).tensors.logits.data,
    );
    // Going on repeats no point; being there already reports nothing.
    assert.deepEqual((await trained(engine, id, 30)).points.map((p) => p.step), [30]);
    assert.deepEqual((await trained(engine, id, 30)).points, []);
  });

  test(`${variant}: the same seed gives the same run, another seed another`, async () => {
    const run = async (seed) => {
      const engine = await openEngine({ variant });
      const { points } = await trained(engine, engine.createTrainer(small(seed)).id, 20, 20, true);
      return points.at(-1).weights;
    };
    assert.deepEqual(await run(1), await run(1));
    assert.notDeepEqual(await run(1), await run(2));
  });

  test(`${variant}: a snapshot resumes bit for bit`, async () => {
    const engine = await openEngine({ variant });
    const whole = engine.createTrainer(small());
    const first = engine.createTrainer(small());
    await trained(engine, whole.id, 20);
    await trained(engine, first.id, 10);
    const resumed = engine.resumeTrainer(engine.snapshot(first.id));
    const { points } = await trained(engine, resumed.id, 20);
    assert.equal(points.at(-1).step, 20);
    assert.deepEqual(engine.snapshot(resumed.id), engine.snapshot(whole.id));
  });

  test(`${variant}: training lowers the loss`, async () => {
    const engine = await openEngine({ variant });
    const { points } = await trained(engine, engine.createTrainer(small()).id, 300, 100);
    // Random weights know nothing, and are a little too sure of it: the loss starts at log V or somewhat above.
    assert.ok(points[0].evalLoss > Math.log(8) - 0.1 && points[0].evalLoss < Math.log(8) + 1, `${points[0].evalLoss} at the start, log V = ${Math.log(8)}`);
    assert.ok(points.at(-1).evalLoss < 0.8 * points[0].evalLoss, `${points[0].evalLoss} -> ${points.at(-1).evalLoss}`);
  });

  test(`${variant}: pause gets through between slices, and training goes on from there`, async () => {
    const engine = await openEngine({ variant });
    const { id, model } = engine.createTrainer(small());
    const points = [];
    const running = engine.train(id, { until: 100000, every: 5 }, (p) => points.push(p));
    await assert.rejects(engine.train(id, { until: 5, every: 1 }, () => {}), { code: 'busy' });
    while (points.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    engine.run(model.id, { tokens: [[0, 1]], capture: [] }); // other calls get through as well
    engine.pause(id);
    const { step, stopped } = await running;
    assert.equal(stopped, 'paused');
    assert.ok(step > 0 && step < 100000);
    assert.equal(points.at(-1).step, step); // where it stopped is on record
    assert.deepEqual((await trained(engine, id, step + 2)).end, { step: step + 2, stopped: 'done' });
  });

  test(`${variant}: disposing a trainer in mid-course ends its training`, async () => {
    const engine = await openEngine({ variant });
    const { id, model } = engine.createTrainer(small());
    const running = engine.train(id, { until: 100000, every: 1000 }, () => {});
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.throws(() => engine.disposeModel(model.id), { code: 'mismatch' });
    engine.disposeTrainer(id);
    assert.equal((await running).stopped, 'paused');
    assert.throws(() => engine.run(model.id, { tokens: [[0]], capture: [] }), { code: 'out of range' });
    assert.throws(() => engine.snapshot(id), { code: 'out of range' });
  });

  test(`${variant}: a run that diverges says so and keeps finite weights`, async () => {
    const engine = await openEngine({ variant });
    const config = { ...small(), schedule: { learning_rate: 1e38 }, clip: 0 };
    const { id } = engine.createTrainer(config);
    const { end, points } = await trained(engine, id, 200, 1000, true);
    assert.equal(end.stopped, 'diverged');
    assert.ok(points.at(-1).weights.every(Number.isFinite));
  });

  test(`${variant}: what cannot be trained is refused before memory is taken`, async () => {
    const engine = await openEngine({ variant });
    const before = engine.info().memory;
    const refused = (change, code) =>
      assert.throws(() => engine.createTrainer({ ...small(), ...change }), (e) => e instanceof EngineError && (!code || e.code === code));
    refused({ batch: 1e7 });
    refused({ batch: 0 });
    refused({ batch: -3 });
    refused({ seed: -1 });
    refused({ model: { ...small().model, width: 65536 } });
    refused({ model: { ...small().model, context: 1000000 }, task: { ...small().task, length: 1000000 } });
    refused({ task: { ...small().task, length: 17 } });
    refused({ task: { ...small().task, kind: 'riddle' } });
    refused({ stepz: 5 });
    assert.throws(() => engine.resumeTrainer(new Uint8Array(64)), EngineError);
    assert.throws(() => engine.taskBatch(small().task, 1e9, 1), EngineError);
    assert.equal(engine.info().memory, before);
  });

  test(`${variant}: the evaluation batch of a seed is the one the trainer measures on`, async () => {
    const engine = await openEngine({ variant });
    const config = small(5);
    const { id, model } = engine.createTrainer(config);
    const { points } = await trained(engine, id, 1, 1);
    const batch = engine.taskBatch(config.task, config.batch, config.seed);
    const { losses } = engine.run(model.id, { tokens: batch.tokens, capture: [] });
    let sum = 0, count = 0;
    batch.tokens.forEach((row, b) => row.slice(1).forEach((next, t) => {
      const weight = batch.weights[b][t];
      if (weight === 0) return;
      assert.equal(batch.targets[b][t], next);
      sum += weight * losses.data[b * (row.length - 1) + t];
      count += weight;
    }));
    // The last position has a target beyond the sequence, so the two means are over nearly the same positions.
    assert.ok(Math.abs(sum / count - points.at(-1).evalLoss) < 0.15, `${sum / count} and ${points.at(-1).evalLoss}`);
  });
}

test('simd and scalar train alike', async () => {
  const losses = [];
  for (const variant of variants) {
    const engine = await openEngine({ variant });
    losses.push((await trained(engine, engine.createTrainer(small()).id, 20, 20)).points.at(-1).loss);
  }
  assert.ok(Math.abs(losses[0] - losses[1]) < 1e-3, `${losses}`);
});

test('steps that fit a slice', () => {
  assert.equal(stepsThatFit(undefined, 30, 100), 1);
  assert.equal(stepsThatFit(5, 30, 100), 6);
  assert.equal(stepsThatFit(5, 30, 4), 4);
  assert.equal(stepsThatFit(100, 30, 100), 1); // a step is never cut
  assert.equal(stepsThatFit(1, -5, 100), 1);
  assert.equal(updateStepMs(undefined, 7), 7);
  assert.ok(updateStepMs(10, 20) > 10 && updateStepMs(10, 20) < 20);
  assert.ok(SLICE_MS <= 30);
});
