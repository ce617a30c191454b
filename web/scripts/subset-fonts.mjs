// Cuts the Fontsource files down to the characters of this course and writes them to src/fonts (committed, so that a
// build needs no cutting). Run it again after adding a character class or changing a face: node scripts/subset-fonts.mjs
import fs from 'node:fs';
import subsetFont from 'subset-font';

const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => String.fromCodePoint(from + i)).join('');
const CYRILLIC = range(0x410, 0x44f) + 'Ёё№\u0301';
const LATIN = range(0x20, 0x7e) + '\u00a0«»„“”‘’—–…·×−±÷°§©•‰′″/⁄→←↑↓≤≥≠≈∞√Σ∂∆µπ²³¹½éèüöäçñłŁØø\u2009\u202f\u2212';
const modules = 'node_modules';
// A fixed weight is half the size of a variable face; the course uses two weights of each.
const sets = [['cyrillic', CYRILLIC], ['latin', LATIN]];
const cut = (pkg, weight, style = 'normal') => sets.map(([set, text]) => ({
  from: `${modules}/@fontsource-variable/${pkg}/files/${pkg}-${set}-wght-${style}.woff2`,
  to: `${pkg}-${set}-${weight}${style === 'italic' ? '-italic' : ''}.woff2`, text, axes: { wght: weight } }));
const still = (pkg, weight) => sets.map(([set, text]) => ({
  from: `${modules}/@fontsource/${pkg}/files/${pkg}-${set}-${weight}-normal.woff2`,
  to: `${pkg}-${set}-${weight}.woff2`, text }));

const jobs = [
  ...cut('literata', 400), ...cut('literata', 400, 'italic'), ...cut('literata', 600),
  ...cut('golos-text', 400), ...cut('golos-text', 600), ...still('ibm-plex-mono', 400),
];
fs.mkdirSync('src/fonts', { recursive: true });
for (const { from, to, text, axes } of jobs) {
  const made = await subsetFont(fs.readFileSync(from), text, { targetFormat: 'woff2', variationAxes: axes });
  fs.writeFileSync(`src/fonts/${to}`, made);
  console.log(`${String(made.length).padStart(6)}  ${to}`);
}
