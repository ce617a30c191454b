// A reader's own model in a real browser: a golden folder opens, maps and guesses are those of PyTorch, wrong files are said in words.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { expectNoSideScroll, expectNoViolations, watch } from './site';

const golden = fileURLToPath(new URL('../golden/hf/', import.meta.url));
const folder = (name: string): string[] => fs.readdirSync(path.join(golden, name)).filter((f) => f !== 'expected.safetensors').map((f) => path.join(golden, name, f));
const widget = (page: Page) => page.locator('#own-model');

async function visit(page: Page, theme: 'light' | 'dark' = 'light', query = ''): Promise<void> {
  await page.addInitScript((t) => localStorage.setItem('starlight-theme', t), theme);
  await page.goto(`./own-model/${query}`);
  await page.locator('astro-island:not([ssr])').first().waitFor({ state: 'attached' });
}
type Given = string[] | { name: string; mimeType: string; buffer: Buffer }[];
const give = (page: Page, files: Given) => widget(page).locator('input[type=file]:not([webkitdirectory])').setInputFiles(files);
async function open(page: Page, name: string): Promise<void> {
  await give(page, folder(name));
  await widget(page).getByRole('button', { name: 'Открыть модель' }).click();
  await expect(widget(page)).toHaveAttribute('data-badge', 'live');
  await expect(widget(page).getByRole('grid', { name: /^Карта внимания головы/ })).toBeVisible();
}
const axe = (page: Page) => expectNoViolations(new AxeBuilder({ page }).options({ resultTypes: ['violations'] }).include('main'));

/** The folder's files with one of them changed. */
function changed(name: string, which: string, change: (bytes: Buffer) => Buffer): Given {
  return folder(name).map((file) => {
    const [bytes, base] = [fs.readFileSync(file), path.basename(file)];
    return { name: base, mimeType: 'application/octet-stream', buffer: base === which ? change(bytes) : bytes };
  });
}

test('a golden folder opens: the estimate first, then the same numbers as PyTorch, and nothing leaves the page', async ({ page }) => {
  const seen = watch(page);
  await visit(page);
  await expect(widget(page)).toHaveAttribute('data-badge', 'scheme');
  await give(page, folder('qwen2'));
  await expect(widget(page).getByRole('table', { name: /Qwen2/ })).toContainText('нужно всего');
  await open(page, 'qwen2');
  // The golden run's own token numbers: without tokenizer.json the page takes numbers for a text.
  await give(page, folder('qwen2').filter((f) => !f.endsWith('tokenizer.json')));
  await widget(page).getByRole('button', { name: 'Открыть модель' }).click();
  const header = fs.readFileSync(path.join(golden, 'qwen2/expected.safetensors'));
  const length = Number(header.readBigUInt64LE(0));
  const table = JSON.parse(header.subarray(8, 8 + length).toString()) as Record<string, { shape: number[]; data_offsets: [number, number] }> & { __metadata__: { ids: string } };
  const ids = table.__metadata__.ids.split(',').map(Number);
  await widget(page).getByLabel('Номера токенов').fill(ids.join(', '));
  await widget(page).getByLabel('Номера токенов').press('Enter');
  await expect(widget(page).getByRole('toolbar', { name: 'Токены предложения' }).locator('button.token')).toHaveCount(ids.length);
  const logits = new Float32Array(Uint8Array.from(header.subarray(8 + length + table.logits!.data_offsets[0], 8 + length + table.logits!.data_offsets[1])).buffer).subarray(-29);
  const top = Math.max(...logits);
  const p = 1 / logits.reduce((sum, x) => sum + Math.exp(x - top), 0);
  const best = widget(page).getByRole('table', { name: /Следующий токен/ }).locator('tbody tr').first();
  await expect(best).toContainText(p.toFixed(3).replace('.', ','));
  expect(seen).toEqual({ errors: [], foreign: [] });
});

test('a head is chosen, taken away and put back; the text stays in the address', async ({ page }) => {
  await visit(page);
  await open(page, 'llama-sharded');
  await widget(page).getByLabel('Ваш текст').fill('abc abc abc');
  await widget(page).getByLabel('Ваш текст').press('Enter');
  await expect(page).toHaveURL(/w-own-model\.text=abc/);
  await widget(page).getByRole('button', { name: /^Отнять голову/ }).click();
  await expect(widget(page).getByRole('columnheader', { name: 'Δ логита' })).toBeVisible();
  await widget(page).getByRole('button', { name: /^Вернуть голову/ }).click();
  await expect(widget(page).getByRole('columnheader', { name: 'Δ логита' })).toHaveCount(0);
});

test('BERT shows its maps and says what it does not have', async ({ page }) => {
  await visit(page);
  await open(page, 'bert-base');
  await expect(widget(page)).toContainText('не предсказывает следующий токен');
  await expect(widget(page)).toContainText('[CLS]');
});

test('wrong files are said in words, and the open model stays', async ({ page }) => {
  test.setTimeout(90_000);
  await visit(page);
  await open(page, 'gpt2-tied');
  const cases: [Given, RegExp][] = [
    [changed('gpt2-tied', 'model.safetensors', (b) => b.subarray(0, b.length / 2)), /испорчен или обрезан/],
    [changed('gpt2-tied', 'model.safetensors', () => Buffer.from('это не модель, а письмо другу')), /испорчен или обрезан/],
    [changed('gpt2-tied', 'config.json', (b) => Buffer.from(JSON.stringify({ ...JSON.parse(b.toString()), n_embd: 48 }))), /не тот размер/],
    [changed('gpt2-tied', 'config.json', (b) => Buffer.from(JSON.stringify({ ...JSON.parse(b.toString()), model_type: 'mamba' }))), /здесь не считается/],
    [folder('llama-sharded').filter((f) => !f.includes('00002')), /не хватает файла/],
    [[path.join(golden, '../hf.py')], /нет config\.json/],
  ];
  for (const [files, says] of cases) {
    await give(page, files);
    await expect(widget(page).getByRole('alert').first()).toContainText(says);
    await expect(widget(page)).toHaveAttribute('data-badge', 'live');
  }
  await widget(page).getByLabel('Ваш текст').fill('still here');
  await widget(page).getByLabel('Ваш текст').press('Enter');
  await expect(widget(page).getByRole('toolbar', { name: 'Токены предложения' }).locator('button.token')).toHaveCount(10);
});

test('a model beyond the memory of a tab is refused before anything is read', async ({ page }) => {
  await visit(page);
  // The header of LLaMA-7B in F16; the 13 GB behind it are not there, and nobody may ask for them.
  await page.evaluate(() => {
    const [D, M, V, L] = [4096, 11008, 32000, 32];
    const layer = { 'self_attn.q_proj': [D, D], 'self_attn.k_proj': [D, D], 'self_attn.v_proj': [D, D], 'self_attn.o_proj': [D, D], 'mlp.gate_proj': [M, D], 'mlp.up_proj': [M, D], 'mlp.down_proj': [D, M], input_layernorm: [D], post_attention_layernorm: [D] };
    const shapes: [string, number[]][] = [['model.embed_tokens', [V, D]], ['model.norm', [D]], ['lm_head', [V, D]]];
    for (let l = 0; l < L; l += 1) for (const [name, shape] of Object.entries(layer)) shapes.push([`model.layers.${l}.${name}`, shape]);
    let size = 0;
    const tensors = Object.fromEntries(shapes.map(([name, shape]) => { const from = size; size += 2 * shape.reduce((a, b) => a * b); return [`${name}.weight`, { dtype: 'F16', shape, data_offsets: [from, size] }]; }));
    const text = new TextEncoder().encode(JSON.stringify(tensors));
    const head = new Uint8Array(8 + text.length);
    new DataView(head.buffer).setBigUint64(0, BigInt(text.length), true);
    head.set(text, 8);
    const file = new File([head], 'model.safetensors');
    Object.defineProperty(file, 'size', { value: head.length + size });
    const config = new File([JSON.stringify({ model_type: 'llama', architectures: ['LlamaForCausalLM'], vocab_size: V, hidden_size: D, intermediate_size: M, num_hidden_layers: L, num_attention_heads: 32 })], 'config.json');
    const input = document.querySelector<HTMLInputElement>('#own-model input[type=file]:not([webkitdirectory])')!;
    Object.defineProperty(input, 'files', { value: [config, file], configurable: true });
    Object.defineProperty(input, 'value', { value: '', writable: true, configurable: true });
    input.dispatchEvent(new Event('change', { bubbles: true }));
  });
  await expect(widget(page).getByRole('alert').first()).toContainText(/слишком велика: около 67\d\d млн параметров/);
});

for (const theme of ['light', 'dark'] as const)
  test(`axe finds nothing, at rest and with a model, ${theme}`, async ({ page }) => {
    await visit(page, theme);
    await axe(page);
    await open(page, 'gpt2-tied');
    await axe(page);
  });

test('nothing scrolls sideways on a phone', async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  await visit(page);
  await open(page, 'gpt2-tied');
  await expectNoSideScroll(page);
});
