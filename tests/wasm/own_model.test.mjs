// A reader's own model through the client: the golden folders against what PyTorch made of them, and folders that are wrong.
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { EngineError, openEngine } from '../../wasm/client/node.ts';
import { tiny, variants } from './recipe.mjs';

const golden = new URL('../golden/hf/', import.meta.url);
const folders = (await readdir(golden)).sort();

/** Every file of the folder but the answer, as a page gets it from the reader. */
async function chosen(name, change = (bytes) => bytes) {
  const names = (await readdir(new URL(`${name}/`, golden))).filter((n) => n !== 'expected.safetensors');
  return Promise.all(names.map(async (n) => ({ name: `${name}/${n}`, blob: new Blob([change(await readFile(new URL(`${name}/${n}`, golden)), n)]) })));
}

/** F32 tensors and metadata of a safetensors file. */
function parse(bytes) {
  const length = Number(bytes.readBigUInt64LE(0));
  const { __metadata__: metadata, ...entries } = JSON.parse(bytes.subarray(8, 8 + length).toString());
  const tensor = ({ shape, dtype, data_offsets: [from, to] }) => {
    assert.equal(dtype, 'F32');
    return { shape, data: new Float32Array(Uint8Array.from(bytes.subarray(8 + length + from, 8 + length + to)).buffer) };
  };
  return { metadata, tensors: Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, tensor(entry)])) };
}

function assertClose(actual, expected, what) {
  assert.deepEqual(actual.shape.filter((n, axis) => axis > 0 || n !== 1), expected.shape, what);
  const worst = expected.data.reduce((most, x, i) => Math.max(most, Math.abs(x - actual.data[i])), 0);
  assert.ok(worst < 1e-4, `${what}: off by ${worst}`);
}

const numbers = (list) => list.split(',').map(Number);

for (const variant of variants) {
  test(`${variant}: every golden folder opens and agrees with PyTorch`, async () => {
    const engine = await openEngine({ variant });
    for (const name of folders) {
      const { metadata, tensors } = parse(await readFile(new URL(`${name}/expected.safetensors`, golden)));
      const files = await chosen(name);
      const plan = await engine.inspectModel(files);
      const heard = [];
      const model = await engine.openModel(files, (read) => heard.push(read));
      assert.equal(heard.at(-1), plan.readBytes, name);
      assert.ok(plan.fits && plan.needed > plan.weightBytes);
      const layers = Array.from({ length: model.config.layers }, (_, l) => l);
      const reply = engine.run(model.id, {
        tokens: [numbers(metadata.ids)], output: true, capture: layers.map((l) => `blocks.${l}.attn.pattern`),
        ...(metadata.types && { types: [numbers(metadata.types)] }), ...(metadata.length && { lengths: [Number(metadata.length)] }),
      });
      for (const l of layers) assertClose(reply.tensors[`blocks.${l}.attn.pattern`], tensors[`attn.${l}`], `${name} attn.${l}`);
      assertClose(reply.tensors.output, tensors[plan.predicts ? 'logits' : 'last_hidden_state'], name);
      engine.disposeModel(model.id);
    }
    assert.deepEqual({ ...engine.census(), memory: 0, allocated: 0 }, { models: 0, trainers: 0, memory: 0, allocated: 0 });
  });

  test(`${variant}: files in the wrong are refused in words, and nothing else is lost`, async () => {
    const engine = await openEngine({ variant });
    const mine = engine.createModel(tiny, 1);
    const before = engine.run(mine.id, { tokens: [[0, 1, 2]], capture: ['logits'] }).tensors.logits.data;
    const tensors = (bytes, name) => name.endsWith('.safetensors');
    const cut = (share) => (bytes, name) => (tensors(bytes, name) ? bytes.subarray(0, Math.floor(share * bytes.length)) : bytes);
    const config = (change) => (bytes, name) => (name === 'config.json' ? Buffer.from(JSON.stringify({ ...JSON.parse(bytes), ...change })) : bytes);
    const without = async (name, what) => (await chosen(name)).filter((f) => !f.name.endsWith(what));
    const cases = {
      'no files': [[], /нет config\.json/],
      'no weights': [await without('gpt2-tied', '.safetensors'), /нет model\.safetensors/],
      'a missing shard': [(await chosen('llama-sharded')).filter((f) => !f.name.includes('00002')), /не хватает файла/],
      'half a file': [await chosen('gpt2-tied', cut(0.5)), /Файл модели/],
      'a header cut short': [await chosen('gpt2-tied', cut(0.01)), /Файл модели/],
      'nothing in the file': [await chosen('gpt2-tied', cut(0)), /Файл модели/],
      'a picture for weights': [await chosen('gpt2-tied', (b, n) => (tensors(b, n) ? Buffer.from('\x89PNG\r\n\x1a\n0000000000000000') : b)), /Файл модели/],
      'another family': [await chosen('gpt2-tied', config({ model_type: 'llama', hidden_size: 16, intermediate_size: 32, num_hidden_layers: 2, num_attention_heads: 4 })), /./],
      'an unknown family': [await chosen('gpt2-tied', config({ model_type: 'mamba' })), /mamba/],
      'another width': [await chosen('gpt2-tied', config({ n_embd: 48 })), /не тот размер/],
      'quantised weights': [await chosen('qwen2', config({ quantization_config: { bits: 4 } })), /quantization_config/],
      'a size that cannot be': [await chosen('qwen2', config({ vocab_size: 2 ** 31 - 1, hidden_size: 65536 })), /./],
      'config.json of other kind': [await chosen('qwen2', (b, n) => (n === 'config.json' ? Buffer.from('[1, 2') : b)), /config\.json/],
    };
    for (const [what, [files, says]] of Object.entries(cases)) {
      await assert.rejects(engine.inspectModel(files), (error) => {
        assert.ok(error instanceof EngineError, `${what}: ${error}`);
        assert.match(error.message, says, `${what}: ${error.message} / ${error.detail}`);
        assert.match(error.message, /[а-яё]/i, what);
        return true;
      }, what);
    }
    // A number that is not finite shows only when the bytes are read.
    const poisoned = await chosen('qwen2', (b, n) => { if (tensors(b, n)) b.fill(0xff, b.length - 64); return b; });
    await assert.rejects(engine.openModel(poisoned), { code: 'not finite' });
    assert.deepEqual({ ...engine.census(), memory: 0, allocated: 0 }, { models: 1, trainers: 0, memory: 0, allocated: 0 });
    assert.deepEqual(engine.run(mine.id, { tokens: [[0, 1, 2]], capture: ['logits'] }).tensors.logits.data, before);
  });

  test(`${variant}: an opening that is called off gives its memory back`, async () => {
    const engine = await openEngine({ variant });
    const files = await chosen('llama-sharded');
    const stop = new AbortController();
    const started = engine.openModel(files, () => stop.abort(), stop.signal);
    await assert.rejects(started, { name: 'AbortError' });
    const before = engine.census().allocated;
    for (let i = 0; i < 20; ++i) {
      const again = new AbortController();
      await engine.openModel(files, () => again.abort(), again.signal).catch(() => {});
    }
    assert.ok(engine.census().allocated - before < 4096);
    assert.equal(engine.openModel.length > 0, true);
    assert.throws(() => engine.feedModel(1), { code: 'out of range' });
  });
}

test('every complaint about config.json is said in Russian, in none of the core’s words', async () => {
  const engine = await openEngine();
  const changes = {
    'gpt2-tied': [{ n_embd: null }, { n_layer: 1.5 }, { n_head: 5 }, { layer_norm_epsilon: -1 }, { tie_word_embeddings: 'yes' }, { activation_function: 'softsign' }, { add_cross_attention: true }, { vocab_size: 9e8 }, { model_type: 7 }],
    qwen2: [{ rope_scaling: 'linear' }, { rope_scaling: { type: 'yarn', factor: 2 } }, { hidden_act: 'gelu' }, { num_key_value_heads: 3 }, { partial_rotary_factor: 0.5 }, { use_sliding_window: true, sliding_window: 1 }, { use_sliding_window: true, layer_types: ['circular'] }, { head_dim: 3 }],
  };
  const said = new Set();
  for (const [name, all] of Object.entries(changes))
    for (const change of all) {
      const files = await chosen(name, (bytes, n) => (n === 'config.json' ? Buffer.from(JSON.stringify({ ...JSON.parse(bytes), ...change })) : bytes));
      await assert.rejects(engine.inspectModel(files), (error) => {
        assert.match(error.message, /^Файл config\.json не подходит: .+\.$/, `${JSON.stringify(change)}: ${error.message} / ${error.detail}`);
        assert.doesNotMatch(error.message, /must|not supported|divide|model config/, error.message);
        said.add(error.message);
        return true;
      }, JSON.stringify(change));
    }
  assert.equal(said.size, Object.values(changes).flat().length, [...said].join('\n')); // each says its own
  const files = await chosen('qwen2', (b, n) => (n === 'config.json' ? Buffer.from('{"hidden_size": 1,,}') : b));
  await assert.rejects(engine.inspectModel(files), { message: 'Файл config.json испорчен: он не читается как JSON.' });
});

test('a third large model is refused in Russian with what it wants and what is left', () => {
  // The sum itself: lab_files_test.cpp.
  const { code, message } = new EngineError('too large', 'the weights would need about 1536 MB, the limit is 928 MB');
  assert.equal(code, 'too large');
  assert.equal(message, 'Весам нужно около 1536 МБ памяти, а вкладке осталось 928: закройте другие модели или вкладку.');
});

test('a file longer than the memory is refused for what it is, by its header alone', async () => {
  const engine = await openEngine();
  const [D, M, V, L] = [4096, 11008, 32000, 32]; // LLaMA-7B
  const layer = { 'self_attn.q_proj': [D, D], 'self_attn.k_proj': [D, D], 'self_attn.v_proj': [D, D], 'self_attn.o_proj': [D, D], 'mlp.gate_proj': [M, D], 'mlp.up_proj': [M, D], 'mlp.down_proj': [D, M], input_layernorm: [D], post_attention_layernorm: [D] };
  const shapes = [['model.embed_tokens', [V, D]], ['model.norm', [D]], ['lm_head', [V, D]]];
  for (let l = 0; l < L; l += 1) for (const [name, shape] of Object.entries(layer)) shapes.push([`model.layers.${l}.${name}`, shape]);
  let size = 0;
  const tensors = Object.fromEntries(shapes.map(([name, shape]) => [`${name}.weight`, { dtype: 'F16', shape, data_offsets: [size, (size += 2 * shape.reduce((a, b) => a * b))] }]));
  const text = Buffer.from(JSON.stringify(tensors));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(text.length));
  const header = Buffer.concat([prefix, text]);
  const config = JSON.stringify({ model_type: 'llama', architectures: ['LlamaForCausalLM'], vocab_size: V, hidden_size: D, intermediate_size: M, num_hidden_layers: L, num_attention_heads: 32 });
  assert.throws(() => engine.planModel(config, [{ name: 'model.safetensors', size: header.length + size, header: header.length }], header), { name: 'EngineError', code: 'too large', message: /слишком велика: около 67\d\d млн/ });
});
