// One training step of the induction recipe: the WASM core against PyTorch on one thread, in one run,
// turn by turn, so that a busy machine slows both alike. Prints medians and their ratio, by the clock and
// by processor time: the latter still means something when others hold the cores.
//   web/node_modules/.bin/node bench/train_step.mjs [ROUNDS] [simd|scalar]
//
// Where the WASM step goes (Zen 5, 4.2 GHz, node 22; shares from node --cpu-prof over a build with --profiling-funcs):
//   60 %  the linear layers' products, 321 MFLOP of the step's 434: a fifth forward, two fifths backward. Their tiles run at
//         60 GFLOP/s; the same 4 x 8 tile written in assembly, on 128 bits and without FMA, reaches 62.5.
//         A tenth of the share is packing.
//   20 %  the heads' products, 48 x 48 x 16, of which causality leaves a little over half to be made
//    7 %  softmax and 2 % its way back
//   10 %  the rest: normalisation, residual additions, loss, AdamW, the boundary
// PyTorch spends less on the products, with vectors four times as wide and FMA, and more on everything between them.
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
const ours = () => {
  const [wall, cpu] = [performance.now(), process.cpuUsage()];
  for (let i = 0; i < STEPS; ++i) core.call('trainSteps', { trainer: 1, count: 1 });
  const { user, system } = process.cpuUsage(cpu);
  return { wall: (performance.now() - wall) / STEPS, cpu: (user + system) / 1000 / STEPS };
};
const theirs = async () => {
  python.stdin.write(`${STEPS}\n`);
  const [wall, cpu] = (await lines.next()).value.split(' ').map((ms) => Number(ms) / STEPS);
  return { wall, cpu };
};

ours(); // the JIT tiers up between calls; PyTorch warms its allocator
await theirs();
const turns = [];
for (let i = 0; i < rounds; ++i) turns.push({ wasm: ours(), torch: await theirs() });
python.stdin.end();

console.log(`induction recipe, batch 32 x 48 tokens, D 64, 2 layers, 4 heads; ${rounds} turns of ${STEPS} steps; core ${core.origin.commit} ${variant} in node, ${greeting}`);
for (const clock of ['wall', 'cpu']) {
  const of = (who) => turns.map((turn) => turn[who][clock]);
  const say = (who) => `${who} ${median(of(who)).toFixed(2)} ms (best ${Math.min(...of(who)).toFixed(2)})`;
  const ratio = median(turns.map((turn) => turn.torch[clock] / turn.wasm[clock]));
  console.log(`${clock.padEnd(4)}  ${say('wasm')}   ${say('torch')}   torch / wasm: ${ratio.toFixed(2)}`);
}
