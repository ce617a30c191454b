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
