// Pagefind answers a word it does not know with the longest beginning of it that it does know, down to a single letter: «zzzz» finds
// every «Z.» of the bibliography. Such places are not what was asked for.
const NEAR = 3;
const words = (text: string): string[] => text.toLowerCase().replace(/ё/g, 'е').match(/[\p{L}\p{N}]+/gu) ?? [];

/** Whether one of the found words begins as a word of the query does: with its first three letters, or all of a shorter one. */
export function answers(query: string, found: readonly string[]): boolean {
  const asked = words(query).map((w) => w.slice(0, NEAR));
  const have = found.flatMap(words);
  return asked.length === 0 || asked.some((start) => have.some((w) => w.startsWith(start)));
}
