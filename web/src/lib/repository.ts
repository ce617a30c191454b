import { execFileSync } from 'node:child_process';
import path from 'node:path';

/** The repository's root; Astro always runs with web/ as its working directory. */
export const root = path.resolve(process.cwd(), '..');

const git = (...args: string[]): string => {
  try {
    return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return ''; // a tarball has no history
  }
};

export const commit = process.env.COURSE_COMMIT || git('rev-parse', 'HEAD');
export const shortCommit = commit.slice(0, 9);
/** Where readers see the source, e.g. https://github.com/name/course; the Pages workflow says it. Without it nothing is linked. */
export const repository = (process.env.COURSE_REPOSITORY ?? '').replace(/\/$/, '');

export function sourceHref(file: string, from?: number, to?: number): string | undefined {
  if (!repository || !commit) return undefined;
  return `${repository}/blob/${commit}/${file}${from ? `#L${from}${to && to !== from ? `-L${to}` : ''}` : ''}`;
}
