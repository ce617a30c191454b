// recording.json of this widget and of six-bits, shortened from chapters/02-many-heads/data (made by six-bits/record.ts):
//   npx node src/widgets/instead-of-heads/record.ts
import { readFile, writeFile } from 'node:fs/promises';
import { headsFor, PLACES, type Recorded as Grid } from '../six-bits/model.ts';
import { WAYS, type Recorded } from './model.ts';

interface Run { key: string; commit: string; seed: number; steps: number[]; curve: number[]; whole: number; digits: number[]; gaze?: number[][]; without?: number[][] }
const data = async (name: string): Promise<Run[]> => (JSON.parse(await readFile(new URL(`../../../../chapters/02-many-heads/data/${name}.json`, import.meta.url), 'utf8')) as Run[]).sort((a, b) => a.seed - b.seed);
const SEEDS = [1, 2, 3, 4, 5];
function five(runs: Run[], key: string): Run[] {
  const found = runs.filter((r) => r.key === key);
  if (found.map((r) => r.seed).join() !== SEEDS.join()) throw new Error(`${key}: seeds ${found.map((r) => r.seed).join()}`);
  return found;
}

const grid = Object.fromEntries(await Promise.all(PLACES.map(async (m) => [m, await data(`grid-${m}`)] as const)));
const all = Object.values(grid).flat();
const [commit] = [...new Set(all.map((r) => r.commit))];
const six: Grid = {
  commit: commit!, seeds: SEEDS, steps: five(grid[1]!, '1:1')[0]!.steps,
  grid: PLACES.flatMap((places) => headsFor(places).map((heads) => {
    const runs = five(grid[places]!, `${places}:${heads}`);
    return { places, heads, accuracy: runs.map((r) => r.whole), curve: runs[0]!.curve };
  })),
  roles: five(grid[3]!, '3:3').map((r) => ({ seed: r.seed, gaze: r.gaze!, without: r.without! })),
};
const ways: Recorded = { commit: commit!, seeds: SEEDS, ways: [] };
for (const w of WAYS) {
  const runs = w.id === 'one' ? five(grid[3]!, '3:1') : w.id === 'three' ? five(grid[3]!, '3:3') : five(await data(`ways-${w.id}`), w.id);
  ways.ways.push({ id: w.id, accuracy: runs.map((r) => r.whole), digits: runs.map((r) => r.digits), steps: runs[0]!.steps, curve: runs[0]!.curve });
}
for (const [name, recording] of [['six-bits', six], ['instead-of-heads', ways]] as const) {
  const text = JSON.stringify(recording);
  if (text.length > 20 * 1024) throw new Error(`${name}/recording.json is over 20 KB: ${text.length}`);
  await writeFile(new URL(`../${name}/recording.json`, import.meta.url), `${text}\n`);
  console.log(name, text.length);
}
