// Makes the recording of «Поле усиления»:  node src/widgets/gain-field/record.ts   (in web/)
import { writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine } from '../../../../wasm/client/types.ts';
import { ask, DEFAULT, effect, KINDS, type Field, type Kind, type Recorded } from './model.ts';

const engine = await openEngine();
const remote = engine as unknown as RemoteEngine;
const { commit } = engine.info();
const each = <T>(of: (k: Kind) => T): Record<Kind, T> => Object.fromEntries(KINDS.map((k) => [k, of(k)])) as Record<Kind, T>;
const short = (x: number): number => Number(x.toPrecision(4));
const cases: Recorded['cases'] = [];
for (const field of ['narrow', 'wide'] as Field[])
  for (const rival of [false, true]) {
    const q = { ...DEFAULT, field, rival };
    const f = await ask(remote, q);
    cases.push({ ...q, weak: each((k) => short(effect(f, k)[0]!)), strong: each((k) => short(effect(f, k).at(-1)!)), totals: each((k) => [short(f.total[KINDS.indexOf(k)]![0]!), short(f.total[KINDS.indexOf(k)]!.at(-1)!)]), difference: f.difference });
    console.log(JSON.stringify(cases.at(-1)));
  }
await writeFile(new URL('./recording.json', import.meta.url), `${JSON.stringify({ commit, figure: await ask(remote, DEFAULT), cases } satisfies Recorded)}\n`);
