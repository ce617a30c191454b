// Cuts the Fontsource files down to the characters of this course and writes them to src/fonts (committed, so that a
// build needs no cutting). Run it again after adding a character class or changing a face: node scripts/subset-fonts.mjs
import fs from 'node:fs';
import { pathToFileURL } from 'node:url';
import subsetFont from 'subset-font';

const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => String.fromCodePoint(from + i)).join('');
const CYRILLIC = range(0x410, 0x44f) + 'Ёё№\u0301';
const LATIN = range(0x20, 0x7e) + '\u00a0«»„“”‘’—–…·×−±÷°§©•‰′″/⁄→←↑↓≤≥≠≈∞√Σ∂∆µπ²³¹½éèüöäçñłŁØø\u2009\u202f\u2212';
// What formulas may be made of; the build cuts the faces again, to what its pages show (src/plugins/lean.mjs). tests/web/shell.spec.ts
// fails when a page has a sign that is not here.
export const MATH = range(0x20, 0x7e) + range(0x391, 0x3a9) + range(0x3b1, 0x3c9) + 'ϑϕϖϱϵ'
  + '\u00a0\u200b\u2061−×⋅·∗∘±∓÷=≠≈≡≅∼≃∝≤≥≪≫<>∈∉∋⊂⊃⊆⊇∪∩∖∧∨¬∀∃∅∞∂∇∑∏∫√←→↔⇐⇒⇔↦↑↓⟶⟵⟨⟩⌊⌋⌈⌉∥∣|…⋯⋮⋱⊤⊥⊙⊕⊗†‡⋆′ℓℏℜℑ¯ˉˆ˜˙¨^~´`¸ˇ˘\ue020§∎□◻■⊢⊨⟺⟹\u0338\u20d7';
const BLACKBOARD = range(0x41, 0x5a) + '\u200b≲≳⩽⩾⊊□■⊮∄∁↠';
const modules = 'node_modules';
// A fixed weight is half the size of a variable face; the course uses two weights of each.
const LEAN = range(0x20, 0x7e) + '\u00a0«»„“…–—·×−±§°≤≥≈→²³\u2009\u202f'; // bold, italic and interface meet fewer signs
const sets = [['cyrillic', CYRILLIC], ['latin', LATIN]];
const lean = [['cyrillic', CYRILLIC], ['latin', LEAN]];
const cut = (pkg, weight, style = 'normal') => (weight === 400 && style === 'normal' && pkg === 'literata' ? sets : lean).map(([set, text]) => ({
  from: `${modules}/@fontsource-variable/${pkg}/files/${pkg}-${set}-wght-${style}.woff2`,
  to: `${pkg}-${set}-${weight}${style === 'italic' ? '-italic' : ''}.woff2`, text, axes: { wght: weight } }));
const still = (pkg, weight) => sets.map(([set, text]) => ({
  from: `${modules}/@fontsource/${pkg}/files/${pkg}-${set}-${weight}-normal.woff2`,
  to: `${pkg}-${set}-${weight}.woff2`, text }));

const jobs = [
  ...cut('literata', 400), ...cut('literata', 400, 'italic'), ...cut('literata', 600),
  ...cut('golos-text', 400), ...cut('golos-text', 600), ...still('ibm-plex-mono', 400),
  ...[['AMS-Regular', BLACKBOARD], ['Main-Regular', MATH], ['Main-Bold', MATH], ['Main-Italic', MATH], ['Math-Italic', MATH], ['Math-BoldItalic', MATH], ['Caligraphic-Regular', range(0x41, 0x5a) + '\u200b']].map(([face, text]) => ({
    from: `${modules}/katex/dist/fonts/KaTeX_${face}.woff2`, to: `KaTeX_${face}.woff2`, text })),
];
if (import.meta.url === pathToFileURL(process.argv[1]).href) for (const { from, to, text, axes } of jobs) {
  const made = await subsetFont(fs.readFileSync(from), text, { targetFormat: 'woff2', variationAxes: axes, noLayoutClosure: true, noHinting: true });
  fs.writeFileSync(`src/fonts/${to}`, made);
  console.log(`${String(made.length).padStart(6)}  ${to}`);
}
