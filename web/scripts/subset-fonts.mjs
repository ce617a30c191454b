// Cuts the Fontsource files down to the characters of this course and writes them to src/fonts (committed, so that a
// build needs no cutting). Run it again after adding a character class or changing a face: node scripts/subset-fonts.mjs
import fs from 'node:fs';
import { pathToFileURL } from 'node:url';
import subsetFont from 'subset-font';

const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => String.fromCodePoint(from + i)).join('');
const CYRILLIC = range(0x410, 0x44f) + 'Ёё№\u0301';
// What Russian prose takes from the Latin faces; RARE is a face of its own, loaded by the page that shows
// one of its signs. The ranges in src/styles/fonts.css are these lists.
const LATIN = range(0x20, 0x7e) + '\u00a0«»„“’–—…·×−±§′°≤≥≈→←∞√Σ∂²³¹\u2009\u202f';
const RARE = '”‘‰″⁄↑↓≠∆µπ½÷©•éèüöäçñłŁØø';
// What formulas may be made of; the build cuts the faces again, to what its pages show (src/plugins/lean.mjs). tests/web/shell.spec.ts
// fails when a page has a sign that is not here.
export const MATH = range(0x20, 0x7e) + range(0x391, 0x3a9) + range(0x3b1, 0x3c9) + 'ϑϕϖϱϵ'
  + '\u00a0\u200b\u2061−×⋅·∗∘±∓÷=≠≈≡≅∼≃∝≤≥≪≫<>∈∉∋⊂⊃⊆⊇∪∩∖∧∨¬∀∃∅∞∂∇∑∏∫√←→↔⇐⇒⇔↦↑↓⟶⟵⟨⟩⌊⌋⌈⌉∥∣|…⋯⋮⋱⊤⊥⊙⊕⊗†‡⋆′ℓℏℜℑ¯ˉˆ˜˙¨^~´`¸ˇ˘\ue020§∎□◻■⊢⊨⟺⟹\u0338\u20d7';
const BLACKBOARD = range(0x41, 0x5a) + '\u200b≲≳⩽⩾⊊□■⊮∄∁↠∅';
const modules = 'node_modules';
const LEAN = range(0x20, 0x7e) + '\u00a0«»„“…–—·×−±§°≤≥≈→²³\u2009\u202f'; // bold, italic and interface meet fewer signs
const WORDS = LEAN.replace(/[#$@\\^`{|}~]/g, ''); // and bold and italic none of those of code
const both = (latin) => [['cyrillic', CYRILLIC], ['latin', latin]];
// Pairs are kerned where one reads at length: in the text face, and in the Russian of bold and italic. Controls have
// tabular figures instead, so that a number which changes hardly moves its neighbours (Golos's own differ by up to 7 %).
const kerned = ['kern', 'mark', 'mkmk', 'ccmp'];
// A fixed weight is half the size of a variable face; the course uses two weights of each.
const cut = (pkg, weight, { style = 'normal', latin = WORDS, features = { cyrillic: kerned, latin: [] }, sets = both(latin) } = {}) => sets.map(([set, text, as = set]) => ({
  from: `${modules}/@fontsource-variable/${pkg}/files/${pkg}-${set}-wght-${style}.woff2`,
  to: `${pkg}-${as}-${weight}${style === 'italic' ? '-italic' : ''}.woff2`, text, axes: { wght: weight }, features: features[set] }));
const still = (pkg, weight) => [...both(LATIN), ['latin', RARE, 'rare']].map(([set, text, as = set]) => ({
  from: `${modules}/@fontsource/${pkg}/files/${pkg}-${set}-${weight}-normal.woff2`,
  to: `${pkg}-${as}-${weight}.woff2`, text, features: [] }));
const text = { cyrillic: kerned, latin: kerned };
const controls = { latin: LEAN, features: { cyrillic: [], latin: ['tnum'] } };

const jobs = [
  ...cut('literata', 400, { features: text, sets: [...both(LATIN), ['latin', RARE, 'rare']] }), ...cut('literata', 400, { style: 'italic' }), ...cut('literata', 600),
  ...cut('golos-text', 400, controls), ...cut('golos-text', 600, controls), ...still('ibm-plex-mono', 400),
  ...[['AMS-Regular', BLACKBOARD], ['Main-Regular', MATH], ['Main-Bold', MATH], ['Main-Italic', MATH], ['Math-Italic', MATH], ['Math-BoldItalic', MATH], ['Caligraphic-Regular', range(0x41, 0x5a) + '\u200b']].map(([face, text]) => ({
    from: `${modules}/katex/dist/fonts/KaTeX_${face}.woff2`, to: `KaTeX_${face}.woff2`, text, features: [] })),
];
// Vertical metrics and style tables, which a browser does not ask for. Without `name` it would refuse the face.
const UNREAD = ['STAT', 'vhea', 'vmtx', 'gasp', 'meta', 'HVAR', 'MVAR'];
if (import.meta.url === pathToFileURL(process.argv[1]).href) for (const { from, to, text, axes, features } of jobs) {
  const made = await subsetFont(fs.readFileSync(from), text, { targetFormat: 'woff2', variationAxes: axes, keepFeatures: features, dropTables: UNREAD, noHinting: true });
  fs.writeFileSync(`src/fonts/${to}`, made);
  console.log(`${String(made.length).padStart(6)}  ${to}`);
}
