// One training step of the induction recipe: the WASM core against PyTorch on one thread, in one run,
// turn by turn, so that a busy machine slows both alike. Prints medians and their ratio, by the clock and
// by processor time: the latter still means something when others hold the cores.
//   web/node_modules/.bin/node bench/train_step.mjs [ROUNDS] [simd|scalar]
//
// The core does less for the same loss and the same gradients, in two places. The loss counts where the repeat decides
// the next token, two thirds of the rows: the last layer is computed for those alone (ForwardOptions::tails). And a row
// before the first layer is a token's plus a place's, so that its queries, keys and values are added up from products of
// the two tables, 32 + 48 rows instead of 1536 (ForwardOptions::tables). PyTorch, written as one writes it, computes all
// rows and multiplies by the mask. So the step with the loss on every row is timed too, where only the tables help.
//
// Where the WASM step goes (Zen 5, 4.2 GHz, node 22; shares from node --cpu-prof over a build with --profiling-funcs):
//   51 %  tiles of the linear layers' products, at 60 GFLOP/s; the same 4 x 8 tile written in assembly, on 128 bits and
//         without FMA, reaches 62.5. (Relaxed SIMD has FMA, but these processors add in pipes of their own: a
//         multiplication and an addition cost what the fused one does. Tiles of 4, 5 and 6 rows were tried.)
//   15 %  tiles of the heads' products, 48 x 48 x 16, of which causality leaves a little over half
//    5 %  packing and entering the products
//   11 %  softmax, forth and back
//    4 %  rows from the tables, forth and back
//   14 %  the rest: normalisation, residual additions, loss, AdamW, the boundary
// PyTorch spends less on the products, with vectors up to four times as wide and FMA, and more on everything between them.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { openCore } from '../wasm/client/node.ts';
import { recipe } from '../tests/wasm/recipe.mjs';

const STEPS = 20; // per turn: long enough to time, short enough to take turns
const rounds = Number(process.argv[2] ?? 12);
const variant = process.argv[3] ?? 'simd';
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

const python = spawn('/usr/bin/python3', [fileURLToPath(new URL('train_step.py', import.meta.url))], {
  stdio: ['pipe', 'pipe', 'inherit'],
  env: { ...process.env, OPENBLAS_NUM_THREADS: '1', OMP_NUM_THREADS: '1' }, // torch.set_num_threads does not reach OpenBLAS
});
const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
const greeting = (await lines.next()).value;
if (!greeting) throw new Error('PyTorch did not start: apt-get install python3-torch');

const core = await openCore({ module: 'core', variant });
core.call('createTrainer', { id: 1, model: 2, config: recipe(1) });
core.call('createTrainer', { id: 3, model: 4, config: recipe(1, { task: { loss_on_all: true } }) });
const ours = (trainer) => {
  const [wall, cpu] = [performance.now(), process.cpuUsage()];
  for (let i = 0; i < STEPS; ++i) core.call('trainSteps', { trainer, count: 1 });
  const { user, system } = process.cpuUsage(cpu);
  return { wall: (performance.now() - wall) / STEPS, cpu: (user + system) / 1000 / STEPS };
};
const theirs = async () => {
  python.stdin.write(`${STEPS}\n`);
  const [wall, cpu] = (await lines.next()).value.split(' ').map((ms) => Number(ms) / STEPS);
  return { wall, cpu };
};

ours(1); // the JIT tiers up between calls; PyTorch warms its allocator
ours(3);
await theirs();
const turns = [];
for (let i = 0; i < rounds; ++i) turns.push({ wasm: ours(1), torch: await theirs(), all: ours(3) });
python.stdin.end();

console.log(`induction recipe, batch 32 x 48 tokens, D 64, 2 layers, 4 heads; ${rounds} turns of ${STEPS} steps; core ${core.origin.commit} ${variant} in node, ${greeting}`);
for (const clock of ['wall', 'cpu']) {
  const of = (who) => turns.map((turn) => turn[who][clock]);
  const say = (who) => `${median(of(who)).toFixed(2)} ms (best ${Math.min(...of(who)).toFixed(2)})`;
  const ratio = (who) => median(turns.map((turn) => turn.torch[clock] / turn[who][clock])).toFixed(2);
  console.log(`${clock.padEnd(4)}  wasm ${say('wasm')}   torch ${say('torch')}   torch / wasm: ${ratio('wasm')}   wasm, loss on every row: ${say('all')}   torch / wasm: ${ratio('all')}`);
}
