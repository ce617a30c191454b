// The core's own source, fetched on demand when a reader asks how a number was computed.

/** Text of a file given by its path in the repository, or null when it is not part of this build. */
export async function sourceText(file: string): Promise<string | null> {
  try {
    const { files } = await import('./source-files'); // the list alone is 10 KB: not before it is asked for
    const load = files[file.startsWith('web/src/') ? `../${file.slice('web/src/'.length)}` : `../../../${file}`];
    return load ? await load() : null;
  } catch {
    return null; // offline and not cached: the link to the line remains
  }
}

/** Lines between `// #region name` and `// #endregion`, or one line by number; 1-based. */
export function findRegion(text: string, region?: string, line?: number): { line: number; code: string } | null {
  const lines = text.split('\n');
  if (region !== undefined) {
    const start = lines.findIndex((l) => l.trim() === `// #region ${region}`);
    if (start < 0) return null;
    const inside: string[] = [];
    let depth = 1; // regions may nest; their markers are not shown
    for (const l of lines.slice(start + 1)) {
      if (l.trim().startsWith('// #region')) depth += 1;
      else if (l.trim().startsWith('// #endregion')) depth -= 1;
      else inside.push(l);
      if (depth === 0) break;
    }
    return { line: start + 2, code: dedent(inside) };
  }
  const only = line === undefined ? undefined : lines[line - 1];
  return only === undefined ? null : { line: line as number, code: only.trim() };
}

function dedent(lines: string[]): string {
  const indents = lines.filter((l) => l.trim() !== '').map((l) => l.length - l.trimStart().length);
  const cut = indents.length === 0 ? 0 : Math.min(...indents);
  return lines.map((l) => l.slice(cut)).join('\n').trimEnd();
}

// Set by astro.config.mjs from COURSE_REPOSITORY; import.meta.env is absent outside Vite (plain node tests).
const repository = (import.meta.env ? (import.meta.env.PUBLIC_REPOSITORY as string | undefined) : undefined) ?? '';

/** Link to the line in the repository at the commit the core was built from. */
export function sourceUrl(file: string, line?: number, commit?: string): string | undefined {
  if (repository === '') return undefined;
  return `${repository}/blob/${commit || 'main'}/${file}${line === undefined ? '' : `#L${line}`}`;
}
