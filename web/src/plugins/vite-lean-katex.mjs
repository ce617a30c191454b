// KaTeX ships each face as woff2, woff and ttf. Every browser that runs WebAssembly reads woff2, so the others would
// only make the built folder heavier. `swap` is left alone: formulas in a wrong face are worse than a short wait.
export default function leanKatexFonts() {
  return {
    name: 'course:lean-katex-fonts',
    enforce: 'pre',
    transform(code, id) {
      if (!/katex\.min\.css/.test(id)) return null;
      return code.replace(/,url\([^)]*\.(?:woff|ttf)\)\s*format\("[^"]*"\)/g, '');
    },
  };
}
