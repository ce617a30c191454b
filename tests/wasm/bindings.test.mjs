// The WASM module itself: what it exports, what it weighs, what it does with nonsense.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { Core, LAB_METHODS, METHODS } from '../../wasm/client/core.ts';
import { openEngine } from '../../wasm/client/node.ts';
import { recipe, tiny, variants } from './recipe.mjs';

const folder = process.env.ATTN_CORE ? new URL(`${pathToFileURL(process.env.ATTN_CORE)}/`) : new URL('../../web/public/core/', import.meta.url);
const manifest = JSON.parse(await readFile(new URL('manifest.json', folder), 'utf8'));
const file = (module, variant, kind) => readFile(new URL(manifest.modules[module][variant][kind], folder));

async function rawModule(variant, module = 'lab') {
  const { default: factory } = await import(new URL(manifest.modules[module][variant].js, folder).href);
  const wasm = await WebAssembly.compile(await file(module, variant, 'wasm'));
  return factory({
    instantiateWasm(imports, receive) {
      WebAssembly.instantiate(wasm, imports).then(receive);
      return {};
    },
  });
}

/** KB gzipped of each module. core: most pages load it, and it may weigh so much. lab has no bar; it grows on purpose or not at all. */
const RATCHETS = { core: 150, lab: 292 };

for (const variant of variants) {
  test(`${variant}: exports are the client's methods, no more and no fewer`, async () => {
    const inherited = ['constructor', 'delete', 'isDeleted', 'deleteLater', 'clone', 'isAliasOf'];
    const bound = async (module) => Object.getOwnPropertyNames((await rawModule(variant, module)).Session.prototype).filter((name) => !inherited.includes(name));
    assert.deepEqual((await bound('core')).sort(), [...METHODS].sort());
    assert.deepEqual((await bound('lab')).sort(), [...METHODS, ...LAB_METHODS].sort());
  });

  test(`${variant}: within the weight budget`, async () => {
    for (const [module, ratchet] of Object.entries(RATCHETS)) {
      const [wasm, js] = await Promise.all([file(module, variant, 'wasm'), file(module, variant, 'js')]);
      const sizes = { wasm: gzipSync(wasm, { level: 9 }).length, glue: gzipSync(js, { level: 9 }).length };
      assert.ok(sizes.wasm <= ratchet * 1024, `attn-${module}.wasm is ${sizes.wasm} bytes gzipped, the ratchet stands at ${ratchet} KB`);
      assert.ok(sizes.glue <= 60 * 1024, `the glue of ${module} is ${sizes.glue} bytes gzipped, the bar is 60 KB`);
    }
  });

  test(`${variant}: the glue needs no eval`, async () => {
    for (const module of Object.keys(RATCHETS)) {
      const js = await file(module, variant, 'js').then(String);
      assert.doesNotMatch(js, /new Function|\beval\(|Function\.apply|constructor\(["'`]/);
    }
  });

  test(`${variant}: the small module says which calls it lacks, and serves the rest`, async () => {
    const engine = await openEngine({ module: 'core', variant });
    assert.equal(engine.info().module, 'core');
    assert.throws(() => engine.encode(1, 'а'), { name: 'EngineError', code: 'other module', message: /большой/ });
    const model = engine.createModel(tiny, 3);
    const large = await openEngine({ variant });
    assert.equal(large.info().module, 'lab');
    const ask = { tokens: [[0, 1, 2]], capture: ['logits'] };
    assert.deepEqual(engine.run(model.id, ask).tensors.logits.data, large.run(large.createModel(tiny, 3).id, ask).tensors.logits.data);
  });

  test(`${variant}: failures are real Errors with a code`, async () => {
    const { Session } = await rawModule(variant);
    const session = new Session();
    const failures = [
      [session.run('', undefined), 'malformed'],
      [session.run('{"model":', undefined), 'malformed'],
      [session.run('[]', undefined), 'malformed'],
      [session.run('{}', undefined), 'malformed'],
      [session.run('{"model": 7}', undefined), 'out of range'],
      [session.run('{"model": 7.5}', undefined), 'malformed'],
      [session.run('{"model": -1}', undefined), 'out of range'],
      [session.loadModel('{"id": 1}', new Uint8Array([1, 2, 3])), 'malformed'],
      [session.loadModel('{"id": 1}', undefined), 'malformed'],
      [session.trainSteps('{"trainer": 3, "count": 1}', undefined), 'out of range'],
    ];
    for (const [failure, code] of failures) {
      assert.ok(failure instanceof Error, `${failure}`);
      assert.equal(failure.code, code, failure.message);
      assert.ok(failure.message.length > 5);
    }
    session.delete();
  });

  test(`${variant}: misuse of the class itself is refused by embind`, async () => {
    const { Session } = await rawModule(variant);
    const session = new Session();
    assert.throws(() => session.run('{}'), /called with 1 arguments|expected args|invalid number of arguments/i);
    assert.throws(() => session.run(5, undefined), /non-string|std::string/i);
    session.delete();
    assert.throws(() => session.run('{}', undefined), /deleted object/i);
  });

  test(`${variant}: a thousand models and trainers leave the heap as it was`, async () => {
    const engine = await openEngine({ variant });
    const weights = new Float32Array(engine.createModel(tiny, 1).parameters.reduce((n, p) => n + p.shape.reduce((a, b) => a * b, 1), 0)).fill(0.01);
    const cycle = () => {
      const model = engine.createModel(tiny, weights);
      engine.run(model.id, { tokens: [[0, 1, 2, 3]], capture: ['logits'] });
      assert.throws(() => engine.run(model.id, { tokens: [[9]], capture: [] }));
      engine.disposeModel(model.id);
      const trainer = engine.createTrainer(recipe(1, { model: { vocab: 5, context: 6, layers: 1, width: 8, heads: 2 }, task: { vocab: 5, length: 6, segment_min: 2, segment_max: 3 }, batch: 1 }));
      engine.disposeTrainer(trainer.id);
    };
    for (let i = 0; i < 20; ++i) cycle();
    const before = engine.census();
    for (let i = 0; i < 1000; ++i) cycle();
    const after = engine.census();
    assert.equal(after.models, 1);
    assert.equal(after.trainers, 0);
    assert.equal(after.memory, before.memory);
    assert.ok(after.allocated - before.allocated < 4096, `${after.allocated - before.allocated} bytes leaked`);
  });

  test(`${variant}: growing the memory detaches nothing that was returned`, async () => {
    const engine = await openEngine({ variant });
    const model = engine.createModel(tiny, 3);
    const early = engine.run(model.id, { tokens: [[0, 1, 2]], capture: ['logits'] }).tensors.logits;
    const copy = early.data.slice();
    const before = engine.info().memory;
    const big = { vocab: 64, context: 64, layers: 1, width: 800, heads: 4, mlp: 'gelu' }; // 31 MB of weights each
    for (let i = 0; i < 4; ++i) engine.createModel(big, i);
    assert.ok(engine.info().memory > before, 'the test must make the memory grow');
    assert.equal(early.data.length, 15);
    assert.deepEqual(early.data, copy);
    assert.deepEqual(engine.run(model.id, { tokens: [[0, 1, 2]], capture: ['logits'] }).tensors.logits.data, copy);
  });
}

test('after a trap nothing more runs in the module', () => {
  let calls = 0;
  class Session {
    run() {
      calls += 1;
      throw new WebAssembly.RuntimeError('memory access out of bounds');
    }
  }
  const core = new Core({ Session }, { module: 'core', variant: 'simd', commit: 'test' });
  const crashed = { name: 'EngineError', code: 'crashed', detail: 'memory access out of bounds' };
  assert.throws(() => core.call('run', {}), crashed);
  assert.equal(core.dead, true);
  assert.throws(() => core.call('run', {}), crashed);
  assert.equal(calls, 1);
});
