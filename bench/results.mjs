// Every measurement ends here: bench/results/NAME.json, with what one must know to believe a number.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('results/', import.meta.url));
const commit = () => {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty', '--abbrev=10'], { cwd: folder, encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
};

/** Load average over the last minute: above 1 on two cores, times are worth little and ratios are all there is. */
export const load = () => os.loadavg()[0];

export function record(name, result) {
  fs.mkdirSync(folder, { recursive: true });
  const about = { at: new Date().toISOString(), commit: commit(), cpu: os.cpus()[0].model, cores: os.cpus().length, load: os.loadavg() };
  fs.writeFileSync(`${folder}${name}.json`, `${JSON.stringify({ ...about, ...result }, null, 1)}\n`);
}
