// The Engine of wasm/client/types.ts on the real core: numbers, interventions, refusals.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { EngineError, openEngine } from '../../wasm/client/node.ts';
import { tiny, variants } from './recipe.mjs';

const tokens = [[0, 1, 2, 3, 0, 1], [4, 4, 2, 1, 0, 3]];
const close = (a, b, tolerance, what) => {
  assert.equal(a.length, b.length, what);
  for (let i = 0; i < a.length; ++i) assert.ok(Math.abs(a[i] - b[i]) <= tolerance, `${what}[${i}]: ${a[i]} and ${b[i]}`);
};
const refused = (code, russian) => (error) => {
  assert.ok(error instanceof EngineError, String(error));
  assert.equal(error.code, code, error.detail);
  assert.match(error.message, russian);
  return true;
};

for (const variant of variants) {
  test(`${variant}: run copies out what was asked for, and it hangs together`, async () => {
    const engine = await openEngine({ variant });
    const { id } = engine.createModel(tiny, 1);
    const { tensors, loss, losses } = engine.run(id, { tokens, capture: ['blocks.0.attn.pattern', 'blocks.1.attn.attn_scores', 'logits'] });
    const pattern = tensors['blocks.0.attn.pattern'];
    assert.deepEqual(pattern.shape, [2, 2, 6, 6]);
    for (let row = 0; row < 24; ++row) {
      const t = row % 6;
      const weights = pattern.data.subarray(row * 6, row * 6 + 6);
      assert.ok(Math.abs(weights.reduce((a, b) => a + b) - 1) < 1e-6);
      for (let s = t + 1; s < 6; ++s) assert.equal(weights[s], 0); // the future has weight exactly 0
    }
    assert.equal(tensors['blocks.1.attn.attn_scores'].data[1], -Infinity);
    // The loss, recomputed from the logits.
    const { shape, data } = tensors.logits;
    assert.deepEqual(shape, [2, 6, 5]);
    let sum = 0;
    tokens.forEach((row, b) => row.slice(1).forEach((next, t) => {
      const logits = [...data.subarray((b * 6 + t) * 5, (b * 6 + t + 1) * 5)];
      const expected = Math.log(logits.reduce((z, x) => z + Math.exp(x), 0)) - logits[next];
      assert.ok(Math.abs(losses.data[b * 5 + t] - expected) < 1e-5);
      sum += expected;
    }));
    assert.deepEqual(losses.shape, [2, 5]);
    assert.ok(Math.abs(loss - sum / 10) < 1e-5);
  });

  test(`${variant}: one token is enough to run, and there is nothing to predict`, async () => {
    const engine = await openEngine({ variant });
    const { id } = engine.createModel(tiny, 1);
    const { loss, losses, tensors } = engine.run(id, { tokens: [[2]], capture: ['logits'] });
    assert.deepEqual(tensors.logits.shape, [1, 1, 5]);
    assert.deepEqual(losses.shape, [1, 0]);
    assert.ok(Number.isNaN(loss));
  });

  test(`${variant}: replacing an activation by itself changes nothing, by zeros changes what follows`, async () => {
    const engine = await openEngine({ variant });
    const { id } = engine.createModel(tiny, 1);
    const name = 'blocks.0.attn.z';
    const plain = engine.run(id, { tokens, capture: [name, 'blocks.0.attn.pattern', 'logits'] }).tensors;
    const same = engine.run(id, { tokens, capture: ['logits'], replace: [{ name, value: plain[name] }] }).tensors;
    assert.deepEqual(same.logits.data, plain.logits.data);
    const zeros = { shape: plain[name].shape, data: new Float32Array(plain[name].data.length) };
    const cut = engine.run(id, { tokens, capture: [name, 'blocks.0.attn.pattern', 'blocks.0.attn_out', 'logits'], replace: [{ name, value: zeros }] }).tensors;
    assert.deepEqual(cut[name].data, zeros.data);
    assert.deepEqual(cut['blocks.0.attn.pattern'].data, plain['blocks.0.attn.pattern'].data);
    assert.ok(cut['blocks.0.attn_out'].data.every((x) => x === 0));
    assert.notDeepEqual(cut.logits.data, plain.logits.data);
    // Ablating every head of the layer is the same intervention.
    const heads = [{ layer: 0, head: 0 }, { layer: 0, head: 1 }];
    const ablated = engine.run(id, { tokens, capture: ['logits'], ablate: { heads, how: 'zero' } }).tensors;
    assert.deepEqual(ablated.logits.data, cut.logits.data);
    // Nothing of it stays behind.
    assert.deepEqual(engine.run(id, { tokens, capture: ['logits'] }).tensors.logits.data, plain.logits.data);
  });

  test(`${variant}: mean and resample ablation are deterministic and differ from zero`, async () => {
    const engine = await openEngine({ variant });
    const { id } = engine.createModel(tiny, 1);
    const run = (how, seed) => engine.run(id, { tokens, capture: ['logits'], ablate: { heads: [{ layer: 0, head: 1 }], how, seed } }).tensors.logits.data;
    assert.deepEqual(run('mean', 1), run('mean', 1));
    assert.deepEqual(run('resample', 5), run('resample', 5));
    assert.notDeepEqual(run('mean', 1), run('zero', 1));
    assert.notDeepEqual(run('resample', 1), run('zero', 1));
  });

  test(`${variant}: a model saved and loaded, or made from its weights, is the same model`, async () => {
    const engine = await openEngine({ variant });
    const first = engine.createModel(tiny, 7);
    const bytes = engine.saveModel(first.id);
    const second = engine.loadModel(bytes);
    assert.deepEqual(second.parameters, first.parameters);
    const logits = (id) => engine.run(id, { tokens, capture: ['logits'] }).tensors.logits.data;
    assert.deepEqual(logits(second.id), logits(first.id));
    assert.deepEqual(engine.saveModel(second.id), bytes);
  });

  test(`${variant}: scores, circuits, attribution and generation answer in the promised form`, async () => {
    const engine = await openEngine({ variant });
    const { id, config } = engine.createModel(tiny, 1);
    assert.equal(config.vocab, 5);
    const { heads, baseline } = engine.headScores(id, { batch: 8, half: 3, seed: 2 });
    assert.equal(heads.length, 4);
    assert.deepEqual(heads.map((h) => [h.layer, h.head]), [[0, 0], [0, 1], [1, 0], [1, 1]]);
    for (const key of ['previous', 'current', 'first', 'duplicate', 'induction', 'entropy', 'entropy_ratio', 'distance']) assert.ok(Number.isFinite(baseline[key]), key);
    const circuits = engine.circuits(id, { layer: 1, head: 0 });
    assert.deepEqual(circuits.qk.shape, [5, 5]);
    assert.deepEqual(circuits.ov.shape, [5, 5]);
    assert.deepEqual(circuits.qkPositions.shape, [6, 6]);
    assert.ok(circuits.copying >= -1 && circuits.copying <= 1);
    assert.deepEqual(engine.kComposition(id, { layer: 0, head: 0 }, { layer: 1, head: 1 }).shape, [5, 5]);
    const attribution = engine.attribution(id, tokens[0], 4, 1);
    assert.ok(Math.abs(attribution.total - attribution.logit) < 1e-4);
    const sum = attribution.parts.reduce((s, part) => s + part.logit, 0);
    assert.ok(Math.abs(sum - attribution.logit) < 1e-4);
    const { tensors } = engine.run(id, { tokens: [tokens[0]], capture: ['logits'] });
    assert.ok(Math.abs(tensors.logits.data[4 * 5 + 1] - attribution.logit) < 1e-4);
    const exchange = engine.fitPattern(new Float32Array([0, 1, 1, 0]), 2, { width: 1, seed: 1 });
    assert.ok(exchange.divergence < 1e-3, 'one dimension is enough to exchange two tokens');
    assert.deepEqual([exchange.pattern.shape, exchange.query.shape], [[2, 2], [2, 1]]);
    assert.throws(() => engine.fitPattern(new Float32Array([1, 1, 0, 1]), 2, { width: 1 }), /row 0 of the target is not a distribution/);
    assert.throws(() => engine.fitPattern(new Float32Array(3), 2, { width: 1 }), /3 weights/);
    // Greedy continuation is the argmax of the last row.
    const last = [...engine.run(id, { tokens: [[0, 1]], capture: ['logits'] }).tensors.logits.data.subarray(5, 10)];
    const grown = engine.generate(id, [0, 1], 1, { temperature: 0 });
    assert.equal(grown.at(-1), last.indexOf(Math.max(...last)));
    assert.deepEqual(engine.generate(id, [0, 1], 4, { seed: 3 }), engine.generate(id, [0, 1], 4, { seed: 3 }));
  });

  test(`${variant}: what a reader or a page can get wrong is said in Russian`, async () => {
    const engine = await openEngine({ variant });
    const { id, parameters } = engine.createModel(tiny, 1);
    const count = Math.max(...parameters.map((p) => p.offset + p.shape.reduce((a, b) => a * b, 1)));
    const run = (request) => () => engine.run(id, { tokens, capture: [], ...request });
    assert.throws(run({ tokens: [[0, 9]] }), refused('out of range', /Токена 9 \(позиция 1\) нет в словаре/));
    assert.throws(run({ tokens: [[0, -1]] }), refused('out of range', /Токена -1/));
    assert.throws(run({ tokens: [[0, 1.5]] }), refused('malformed', /составлен неверно/));
    assert.throws(run({ tokens: [[0, Number.NaN]] }), refused('malformed', /составлен неверно/));
    assert.throws(run({ tokens: [[0, 1, 2, 3, 4, 0, 1]] }), refused('out of range', /слишком длинная: 7 токенов, а контекст модели — 6/));
    assert.throws(run({ tokens: [[]] }), refused('malformed', /Строка пуста/));
    assert.throws(run({ tokens: [] }), refused('malformed', /Строка пуста/));
    assert.throws(run({ tokens: [[0, 1], [0]] }), refused('mismatch', /не подходят/));
    assert.throws(run({ tokens: Array.from({ length: 5000 }, () => [0]) }), refused('too large', /велик/));
    assert.throws(run({ capture: ['blocks.0.attn.patern'] }), refused('out of range', /нет активации с именем "blocks.0.attn.patern"/));
    assert.throws(run({ capture: ['blocks.2.attn.pattern'] }), refused('out of range', /пределов/));
    assert.throws(run({ capture: ['blocks.0.attn.rot_q'] }), refused('unsupported', /не вычисляет/));
    assert.throws(run({ ablate: { heads: [{ layer: 0, head: 2 }], how: 'zero' } }), refused('out of range', /пределов/));
    assert.throws(run({ ablate: { heads: [], how: 'gently' } }), refused('malformed', /неверно/));
    assert.throws(run({ replace: [{ name: 'logits', value: { shape: [3], data: new Float32Array(3) } }] }), refused('mismatch', /не подходят/));
    assert.throws(run({ replace: [{ name: 'logits', value: { shape: [1e9, 1e9], data: new Float32Array(3) } }] }), refused('out of range', /пределов/));
    assert.throws(run({ replace: [{ name: 'blocks.0.attn.z', value: { shape: [1], data: new Float32Array([Number.NaN]) } }] }), refused('not finite', /не число/));
    assert.throws(() => engine.createModel(tiny, new Float32Array(3)), refused('mismatch', new RegExp(`Передано весов: 3, а в модели их ${count}`)));
    assert.throws(() => engine.createModel(tiny, new Float32Array(count).fill(Number.NaN)), refused('not finite', /Вес номер 0 — не число/));
    assert.throws(() => engine.createModel({ ...tiny, width: 1e9, heads: 1 }, 1), refused('out of range', /пределов/));
    assert.throws(() => engine.createModel({ ...tiny, width: 4096, heads: 1 }, 1), refused('too large', /слишком много для вкладки/));
    assert.throws(() => engine.createModel({ ...tiny, heads: 3 }, 1), (e) => e instanceof EngineError);
    assert.throws(() => engine.createModel({ ...tiny, headz: 3 }, 1), (e) => e instanceof EngineError && /headz/.test(e.detail));
    assert.throws(() => engine.createModel({ ...tiny, vocab: 0 }, 1), (e) => e instanceof EngineError);
    assert.throws(() => engine.loadModel(new Uint8Array()), refused('malformed', /Файл модели пуст/));
    assert.throws(() => engine.loadModel(new Uint8Array(100).fill(255)), (e) => e instanceof EngineError);
    const cut = engine.saveModel(id);
    for (const length of [1, 7, 8, 9, 100, cut.length - 1]) assert.throws(() => engine.loadModel(cut.slice(0, length)), (e) => e instanceof EngineError, `${length} bytes`);
    engine.disposeModel(id);
    assert.throws(() => engine.run(id, { tokens, capture: [] }), refused('out of range', /Этой модели больше нет/));
    assert.throws(() => engine.disposeModel(id), refused('out of range', /Этой модели больше нет/));
    // After all that the engine works as before.
    assert.equal(engine.run(engine.createModel(tiny, 1).id, { tokens, capture: [] }).losses.shape[0], 2);
  });

  test(`${variant}: NaN weights in a file are refused`, async () => {
    const engine = await openEngine({ variant });
    const bytes = engine.saveModel(engine.createModel(tiny, 1).id);
    new DataView(bytes.buffer, bytes.byteOffset).setFloat32(bytes.length - 4, Number.NaN, true);
    assert.throws(() => engine.loadModel(bytes), refused('not finite', /не число/));
  });
}

const tokenizerFile = await readFile(new URL('../../models/ru-small/tokenizer.json', import.meta.url));
for (const variant of variants) {
  test(`${variant}: text to tokens and back`, async () => {
    const engine = await openEngine({ variant });
    const { id, names } = engine.loadTokenizer(new Uint8Array(tokenizerFile));
    assert.equal(names.length, 4096);
    assert.equal(names[0], '<|конец|>');
    const text = 'Старик поднялся со стула… 😀';
    const { tokens: ids, spans } = engine.encode(id, text);
    assert.equal(engine.decode(id, ids), text);
    assert.equal(names[ids[ids.length - 1]], '<0x80>'); // the last byte of 😀
    assert.equal(engine.decode(id, ids.slice(0, -1)).at(-1), '\uFFFD');
    const characters = [...text];
    assert.deepEqual(spans.at(-1), [characters.length - 1, characters.length]);
    for (let i = 0; i < ids.length; ++i) // a token that is no byte is the characters of its span
      if (!names[ids[i]].startsWith('<0x')) assert.equal(characters.slice(...spans[i]).join(''), names[ids[i]]);
    engine.disposeTokenizer(id);
    assert.throws(() => engine.encode(id, 'а'), (e) => e instanceof EngineError && e.code === 'out of range');
    assert.throws(() => engine.loadTokenizer(new Uint8Array([123])), (e) => e instanceof EngineError && e.code === 'malformed');
  });
}

test('the two variants agree', async () => {
  const logits = async (variant) => {
    const engine = await openEngine({ variant });
    return engine.run(engine.createModel(tiny, 11).id, { tokens, capture: ['logits'] }).tensors.logits.data;
  };
  close(await logits('simd'), await logits('scalar'), 1e-5, 'logits');
});

for (const variant of variants) {
  test(`${variant}: a tower collapses where nothing holds it, and heads are compared`, async () => {
    const engine = await openEngine({ variant });
    const pure = engine.collapseTower({ layers: 6 });
    assert.equal(pure.floors.length, 7);
    assert.deepEqual(pure.cosines.shape, [7, 32, 32]);
    const y = pure.floors.map((f) => f.residual);
    assert.ok(Math.abs((y[6] - y[5]) / (y[5] - y[4]) - 3) < 0.15, String(y));
    assert.ok(engine.collapseTower({ layers: 6, skip: 1, norm: 'pre' }).floors[6].residual > -1);
    const gone = engine.collapseTower({ layers: 8 }).floors; // no number is left to tell the tokens apart
    assert.deepEqual([gone[0].entropy, gone[8].residual], [null, null]);
    assert.throws(() => engine.collapseTower({ layers: 6, skip: 9 }), (e) => e instanceof EngineError && e.code === 'out of range');

    const model = engine.createModel(tiny, 3);
    const { distance, cka, merges } = engine.headSimilarity(model.id, [[0, 1, 2, 3], [3, 1, 0, 2]]);
    const n = tiny.layers * tiny.heads;
    assert.deepEqual([distance.shape, cka.shape, merges.length], [[n, n], [n, n], n - 1]);
    for (let i = 0; i < n; ++i) assert.ok(distance.data[i * n + i] === 0 && Math.abs(cka.data[i * n + i] - 1) < 1e-3);
  });

  test(`${variant}: a text is read with a key out of sight, and a head may leave its weight unspent`, async () => {
    const engine = await openEngine({ variant });
    const tokens = [0, 1, 2, 3];
    const plain = engine.createModel(tiny, 3);
    const seen = new Float32Array(2 * 16).fill(1);
    seen[16 + 2 * 4] = seen[16 + 3 * 4] = 0; // the second reading: places 2 and 3 lose place 0
    const { shape, data } = engine.blind(plain.id, { tokens, seen, how: 'evict' });
    const { losses } = engine.run(plain.id, { tokens: [tokens], capture: [] });
    assert.deepEqual(shape, [2, 3]);
    close(data.subarray(0, 3), losses.data, 1e-6, 'everything seen');
    close(data.subarray(3, 5), losses.data.subarray(0, 2), 1e-6, 'nothing lost yet');
    assert.ok(Math.abs(data[5] - losses.data[2]) > 1e-6);
    assert.throws(() => engine.blind(plain.id, { tokens, seen: seen.subarray(1), how: 'evict' }), (e) => e instanceof EngineError && e.code === 'mismatch');

    const silent = engine.createModel({ ...tiny, null_score: 'zero', token_gates: true }, 3);
    const { tensors } = engine.run(silent.id, { tokens: [tokens], capture: ['blocks.0.attn.pattern'] });
    const [one, ...rest] = tensors['blocks.0.attn.pattern'].data;
    assert.ok(one > 0 && one < 1, 'a single key no longer takes all'); // row 0 sees itself alone
    assert.ok(rest.every((w) => w < 1));
  });
}
