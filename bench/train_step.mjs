// One training step of the induction recipe: the WASM core against PyTorch on one thread, in one run,
// turn by turn, so that a busy machine slows both alike. Prints medians and their ratio.
//   web/node_modules/.bin/node bench/train_step.mjs [ROUNDS] [simd|scalar]
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { openCore } from '../wasm/client/node.ts';
import { recipe } from '../tests/wasm/recipe.mjs';

const STEPS = 20; // per turn: long enough to time, short enough to take turns
const rounds = Number(process.argv[2] ?? 12);
const variant = process.argv[3] ?? 'simd';
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

const python = spawn('/usr/bin/python3', [fileURLToPath(new URL('train_step.py', import.meta.url))], { stdio: ['pipe', 'pipe', 'inherit'] });
const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
const greeting = (await lines.next()).value;
if (!greeting) throw new Error('PyTorch did not start: apt-get install python3-torch');

const core = await openCore({ variant });
core.call('createTrainer', { id: 1, model: 2, config: recipe(1) });
const ours = () => {
  const start = performance.now();
  for (let i = 0; i < STEPS; ++i) core.call('trainSteps', { trainer: 1, count: 1 });
  return (performance.now() - start) / STEPS;
};
const theirs = async () => {
  python.stdin.write(`${STEPS}\n`);
  return Number((await lines.next()).value.split(' ')[0]) / STEPS;
};

ours(); // the JIT tiers up between calls; PyTorch warms its allocator
await theirs();
const times = { wasm: [], torch: [], ratio: [] };
for (let i = 0; i < rounds; ++i) {
  const [a, b] = [ours(), await theirs()];
  times.wasm.push(a);
  times.torch.push(b);
  times.ratio.push(b / a);
}
python.stdin.end();

const row = (name, values) => console.log(`${name.padEnd(24)} median ${median(values).toFixed(2)} ms   best ${Math.min(...values).toFixed(2)} ms`);
console.log(`induction recipe, batch 32 x 48 tokens, D 64, 2 layers, 4 heads; ${rounds} turns of ${STEPS} steps; core ${core.commit}, ${greeting}`);
row(`WASM ${variant}, node`, times.wasm);
row('PyTorch, one thread', times.torch);
console.log(`PyTorch / WASM: median of turns ${median(times.ratio).toFixed(2)}, of best ${(Math.min(...times.torch) / Math.min(...times.wasm)).toFixed(2)}`);
