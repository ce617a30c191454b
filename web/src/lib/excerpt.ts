import fs from 'node:fs';
import path from 'node:path';
import { root } from './repository';

export interface Excerpt { code: string; from: number; to: number }

/** The lines between `#region name` and `#endregion` of a source file, without the common indentation. */
export function excerpt(file: string, region: string, text = read(file)): Excerpt {
  const lines = text.split('\n');
  const opens = (line: string): boolean => /^\s*(\/\/|#|--)\s*#region\s+(\S+)/.exec(line)?.[2] === region;
  const start = lines.findIndex(opens);
  if (start < 0) throw new Error(`в ${file} нет отрывка «${region}» (// #region ${region} … // #endregion)`);
  if (lines.findIndex((line, i) => i > start && opens(line)) >= 0) throw new Error(`в ${file} отрывок «${region}» начат дважды`);
  let depth = 1;
  let end = start;
  while (depth > 0) {
    end += 1;
    if (end >= lines.length) throw new Error(`в ${file} отрывок «${region}» не закрыт (// #endregion)`);
    if (/^\s*(\/\/|#|--)\s*#region\b/.test(lines[end])) depth += 1;
    if (/^\s*(\/\/|#|--)\s*#endregion\b/.test(lines[end])) depth -= 1;
  }
  const body = lines.slice(start + 1, end).filter((line) => !/^\s*(\/\/|#|--)\s*#(end)?region\b/.test(line));
  if (body.every((line) => !line.trim())) throw new Error(`в ${file} отрывок «${region}» пуст`);
  const indent = Math.min(...body.filter((l) => l.trim()).map((l) => /^ */.exec(l)![0].length));
  return { code: body.map((l) => l.slice(indent)).join('\n').replace(/^\n+|\s+$/g, ''), from: start + 2, to: end };
}

function read(file: string): string {
  const full = path.resolve(root, file);
  if (!full.startsWith(root + path.sep) || !fs.existsSync(full)) throw new Error(`файла ${file} для отрывка нет`);
  return fs.readFileSync(full, 'utf8');
}

const languages: Record<string, string> = { cpp: 'cpp', hpp: 'cpp', h: 'cpp', ts: 'ts', py: 'python', mjs: 'js', js: 'js', svelte: 'svelte', json: 'json', sh: 'sh' };
export const languageOf = (file: string): string => languages[file.split('.').pop() ?? ''] ?? 'txt';
