// What chapter 9 asks, through the client: the answers hang together with what `run` says, and refusals are in Russian.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineError, openEngine } from '../../wasm/client/node.ts';
import { tiny, variants } from './recipe.mjs';

const clean = [0, 1, 2, 3, 0, 1], corrupted = [0, 4, 2, 3, 0, 1];
const metric = { position: 5, right: 2 };
const centred = (logits, t, right, V = 5) => {
  const row = [...logits.subarray(t * V, (t + 1) * V)];
  return row[right] - row.reduce((a, b) => a + b, 0) / V;
};
const near = (a, b, tolerance, what) => assert.ok(Math.abs(a - b) <= tolerance, `${what}: ${a} and ${b}`);

for (const variant of variants) {
  test(`${variant}: patch restores all at the input and nothing before the prompts part`, async () => {
    const engine = await openEngine({ variant });
    const { id } = engine.createModel({ ...tiny, init_std: 0.5 }, 2);
    const run = (tokens) => centred(engine.run(id, { tokens: [tokens], capture: ['logits'] }).tensors.logits.data, 5, metric.right);
    const ask = { clean, corrupted, metric, site: 'resid_pre', positions: true, layers: [0] };
    const input = engine.patch(id, ask);
    near(input.clean, run(clean), 1e-5, 'clean');
    near(input.corrupted, run(corrupted), 1e-5, 'corrupted');
    assert.equal(input.effect.length, 6);
    near(input.effect[1], 1, 1e-3, 'the changed token');
    assert.equal(input.effect[0], 0);
    const heads = engine.patch(id, { clean, corrupted, metric, site: 'z', noise: true });
    assert.equal(heads.effect.length, 4);
    assert.ok(heads.agreement.pearson <= 1);
    assert.ok(Number.isNaN(engine.patch(id, { clean, corrupted: clean, metric, site: 'z' }).effect[0]));
  });

  test(`${variant}: intervene, trace, importance and lens`, async () => {
    const engine = await openEngine({ variant });
    const { id } = engine.createModel({ ...tiny, init_std: 0.5 }, 2);
    const heads = [{ layer: 0, head: 1 }];
    const ask = { tokens: clean, sets: [[], heads], how: 'zero', at: { position: 5, right: 2, wrong: 0 } };
    const { losses, difference, rows, maps } = engine.intervene(id, { ...ask, rows: true, map: { layer: 1, head: 0 } });
    const cut = engine.run(id, { tokens: [clean], capture: ['logits'], ablate: { heads, how: 'zero' } });
    assert.deepEqual(rows.data.subarray(5), cut.tensors.logits.data.subarray(25));
    assert.deepEqual(losses.data.subarray(5), cut.losses.data);
    near(difference[1], rows.data[5 + 2] - rows.data[5], 1e-6, 'difference');
    assert.deepEqual(maps.shape, [2, 6, 6]);
    assert.deepEqual(Object.keys(engine.intervene(id, ask)), ['losses', 'difference']);
    const traced = engine.trace(id, { tokens: clean, metric, from: 1, count: 1, std: 0 });
    assert.deepEqual(traced.restored.shape, [2, 6]);
    near(traced.corrupted, traced.clean, 1e-5, 'no noise');
    const found = engine.importance(id, { tokens: clean, metric, draws: 3, seed: 4 });
    for (const profile of Object.values(found)) assert.equal(profile.length, 6);
    assert.equal(Object.keys(found).length, 9);
    near(found.rollout.reduce((a, b) => a + b, 0), 1, 1e-5, 'rollout is a distribution');
    const lens = engine.lens(id, clean, 5, 2);
    assert.equal(lens.length, 3);
    near(lens[2].divergence, 0, 1e-6, 'the last depth is the answer');
    assert.throws(() => engine.patch(id, { clean, corrupted: [0], metric, site: 'z' }), (e) => e instanceof EngineError && e.code === 'mismatch' && /[а-я]/.test(e.message));
  });

  test(`${variant}: the edges of the graph, and probes with what erasing them costs`, async () => {
    const engine = await openEngine({ variant });
    const { id } = engine.createModel({ ...tiny, init_std: 0.5 }, 2);
    const paths = engine.patchPaths(id, { clean, corrupted, metric });
    assert.deepEqual([paths.edges.length, paths.layers.length, paths.direct.length, paths.total.length], [5 * 2 * 2 * 3, 5 * 2 * 3, 5, 5]);
    near(paths.total[0], 1, 1e-3, 'the tokens are all the difference');
    near(paths.direct[3], paths.total[3], 1e-3, 'a head of the last layer acts straight');
    const heads = engine.patch(id, { clean, corrupted, metric, site: 'z' });
    heads.effect.forEach((e, i) => near(paths.total[1 + i], e, 1e-5, `head ${i} as patch has it`));
    const tokens = Array.from({ length: 24 }, (_, b) => Array.from({ length: 6 }, (_t, t) => (3 * b + 2 * t + b * t) % 5));
    const request = { tokens, labels: tokens, types: tokens, classes: 5, targets: tokens.map((row) => row.map((_x, t) => row[t + 1] ?? -1)), train: 16, site: 'resid_pre', layer: 0, steps: 400 };
    const report = engine.probe(id, { ...request, code: true, erase: true });
    assert.equal(report.accuracy, 1);
    assert.equal(report.examples, 96);
    assert.ok(report.bits < report.uniformBits && report.left < 0.5 && report.rank === 4, JSON.stringify(report));
    assert.equal(engine.probe(id, request).bits, undefined);
    assert.throws(() => engine.probe(id, { ...request, train: 24 }), (e) => e instanceof EngineError && e.code === 'out of range');
  });
}
