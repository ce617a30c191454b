// Makes the recording of «Башня» and the chapter's numbers:  npx node src/widgets/collapse-tower/record.ts   (in web/)
import { mkdir, writeFile } from 'node:fs/promises';
import { openEngine } from '../../../../wasm/client/node.ts';
import type { RemoteEngine, TowerFloor } from '../../../../wasm/client/types.ts';
import { ask, CONDITIONS, mapAt, packRow, START, triangle, type Recorded } from './model.ts';

const engine = await openEngine();
const remote = engine as unknown as RemoteEngine;
const { commit } = engine.info();
const FLOOR = 1;
const rest = await ask(remote, START);
const seeds = rest.towers.map((_, k) => START.seed + k);
const conditions: { id: string; towers: TowerFloor[][] }[] = [];
for (const { id, q } of CONDITIONS) {
  conditions.push({ id, towers: (await ask(remote, q)).towers });
  console.log(id, conditions.at(-1)!.towers.map((t) => t.at(-1)));
}
const recording: Recorded = {
  commit, seeds, towers: rest.towers.map((t) => t.map(packRow)), floor: FLOOR, cosines: triangle(mapAt(rest, FLOOR)!),
  conditions: conditions.map(({ id, towers }) => ({ id, towers: towers.slice(0, 1).map((t) => t.map((f) => packRow(f).slice(0, 3) as [number | null, number, number | null])) })),
};
await writeFile(new URL('./recording.json', import.meta.url), `${JSON.stringify(recording)}\n`);
const folder = new URL('../../../../chapters/10-collapse/data/', import.meta.url);
await mkdir(folder, { recursive: true });
await writeFile(new URL('tower.json', folder), `${JSON.stringify({ experiment: 'tower', commit, seeds, conditions: conditions.map(({ id, towers }) => ({ id, towers: towers.map((t) => t.map(packRow)) })) })}\n`);
