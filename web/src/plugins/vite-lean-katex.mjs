import fs from 'node:fs';
import { fileURLToPath } from 'node:url';

// KaTeX ships each face as woff2, woff and ttf. Every browser that runs WebAssembly reads woff2, so the others would only
// make the built folder heavier. The faces that formulas use most are replaced by the cuts of scripts/subset-fonts.mjs.
// `font-display: block` is left alone: a formula in a wrong face is worse than a short wait.
const cuts = fileURLToPath(new URL('../fonts/', import.meta.url));

export default function leanKatexFonts() {
  return {
    name: 'course:lean-katex-fonts',
    enforce: 'pre',
    transform(code, id) {
      if (!/katex\.min\.css/.test(id)) return null;
      return code
        .replace(/,url\([^)]*\.(?:woff|ttf)\)\s*format\("[^"]*"\)/g, '')
        .replace(/url\(fonts\/(KaTeX_[\w-]+\.woff2)\)/g, (whole, file) => (fs.existsSync(cuts + file) ? `url(${cuts}${file})` : whole));
    },
  };
}
