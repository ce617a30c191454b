// Makes what each chapter's bench shows at rest, with the core the page runs (in web/):  node_modules/.bin/node src/widgets/triad/record.ts [02 …]
import { writeFile } from 'node:fs/promises';
import { short } from '../truth-bench/five.ts';
import { bench } from './bench-node.ts';
import { ask, curve, direct, pace, sweep, type Curve, type Inputs, type Order } from './model.ts';
import { PRESETS } from './presets.ts';

const { engine, subject, commit } = await bench();
pace.slice = 1024;
const round = (x: unknown): unknown => (Array.isArray(x) ? x.map(round) : typeof x === 'number' ? (Number.isInteger(x) ? x : short(Number(x.toFixed(4)), 3)) : x && typeof x === 'object' ? Object.fromEntries(Object.entries(x).map(([k, v]) => [k, round(v)])) : x);

const wanted = process.argv.slice(2);
for (const [chapter, preset] of Object.entries(PRESETS)) {
  if (wanted.length > 0 && !wanted.includes(chapter)) continue;
  const { order, cut, by: _by, view: _view, title: _title, lesson: _lesson, ...rest } = preset;
  let inputs: Inputs = rest;
  const curves: Partial<Record<Order, Curve>> = {};
  if (preset.tool === 'prune') {
    for (const o of new Set<Order>(['single', 'random', order])) curves[o] = await curve(engine, subject, { ...rest, heads: [] }, o);
    inputs = { ...rest, heads: curves[order]!.order.slice(0, cut) };
  }
  const figure = await ask(engine, subject, inputs);
  const text = JSON.stringify({ commit, ...(round({ figure, sweep: { ...(await sweep(engine, subject, inputs)), direct: await direct(engine, subject, inputs) }, ...(preset.tool === 'prune' && { curves }) }) as object) });
  await writeFile(new URL(`recording-${chapter}.json`, import.meta.url), `${text}\n`);
  console.log(chapter, `${(text.length / 1024).toFixed(1)} KB`, figure.before.difference.toFixed(2), figure.after.difference.toFixed(2), figure.before.loss.toFixed(2), figure.after.loss.toFixed(2), figure.next.map((n) => `${n.token} ${n.before.toFixed(2)}→${n.after.toFixed(2)}`).join('; '));
}
