// Makes the recording of «Зонды» with the core the page runs (in web/):  node_modules/.bin/node src/widgets/probes/record.ts
import { readFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { save, SEEDS, shorten, trained } from '../truth-bench/five.ts';
import { codeAt, figure, kept, points, PROPERTIES, type Measured, type Recorded } from './model.ts';

const engine = await openEngine();
const remote = engine as unknown as RemoteEngine;
const measured: Measured[] = [];
for (const seed of SEEDS) {
  const m = await trained(engine, seed);
  const first = engine.headScores(m.id, { batch: 32, half: 24, seed: 1 }).heads.slice(0, m.heads).map((h) => h.previous);
  const previous = first.indexOf(Math.max(...first));
  for (const property of PROPERTIES) {
    const { rows, loss } = await figure(remote, m, { property, seed });
    // Description length in the stream: where a code is worth its time.
    const codes = [];
    for (const p of points(m.layers, m.heads).filter((at) => at.site !== 'z')) codes.push(await codeAt(remote, m, { property, seed }, p));
    measured.push({ seed, property, loss, previous, rows, codes });
    console.log(seed, property, `loss ${loss.toFixed(3)}, previous-token head 0.${previous}`);
    for (const r of rows) console.log(`  ${r.name.padEnd(14)} probe ${r.accuracy.toFixed(2)} control ${r.control.toFixed(2)} base ${r.base.toFixed(2)} erased ${r.erased.toFixed(2)} random (${r.rank}) ${r.random.toFixed(2)} left ${r.left.toFixed(2)}`);
    console.log(`  codes ${codes.map((c) => `${Math.round(c.bits)} / ${Math.round(c.control)} of ${Math.round(c.uniform)}`).join('; ')}`);
  }
}
const shipped = engine.loadModel(new Uint8Array(await readFile(new URL('../../../../models/repeat-2l/model.safetensors', import.meta.url))));
const subject = { id: shipped.id, layers: shipped.config.layers, heads: shipped.config.heads };
const point = points(subject.layers, subject.heads).findIndex((p) => p.name === 'после слоя 0');
const inputs = { property: 'previous', seed: 1 } as const;
const start = performance.now();
const shown = await figure(remote, subject, inputs);
console.log(`figure: ${Math.round(performance.now() - start)} ms`);
const code = await codeAt(remote, subject, inputs, points(subject.layers, subject.heads)[point]!);
const whole = shorten({ commit: engine.info().commit, figure: shown, point, code, measured }, 3) as Recorded;
await save('probes', { ...whole, measured: whole.measured.map(kept) }, { chapter: '09-methods', name: 'probes', value: whole });
