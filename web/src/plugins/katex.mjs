// One set of macros for the whole course: the letters of the symbol palette carry their colour wherever they appear.
// \htmlClass is the only HTML extension that is trusted; formulas are ours, not the reader's.
const symbol = (name, tex) => `\\htmlClass{sym-${name}}{${tex}}`;

export const macros = {
  '\\Q': symbol('q', 'Q'), '\\K': symbol('k', 'K'), '\\V': symbol('v', 'V'), '\\O': symbol('o', 'O'),
  '\\q': symbol('q', 'q'), '\\k': symbol('k', 'k'), '\\v': symbol('v', 'v'), '\\o': symbol('o', 'o'),
  '\\WQ': symbol('q', 'W_Q'), '\\WK': symbol('k', 'W_K'), '\\WV': symbol('v', 'W_V'), '\\WO': symbol('o', 'W_O'),
  '\\WQK': '\\htmlClass{sym-q}{W_{Q}}\\htmlClass{sym-k}{W_{K}^{\\top}}',
  '\\WVO': '\\htmlClass{sym-v}{W_V}\\htmlClass{sym-o}{W_O}',
  '\\X': symbol('resid', 'X'), '\\x': symbol('resid', 'x'), // the residual stream and one row of it
  '\\M': symbol('mask', 'M'), // the mask
  '\\A': symbol('a', 'A'), // the attention pattern
  '\\Sc': symbol('a', 'S'), // scores before softmax
  '\\softmax': '\\operatorname{softmax}', '\\RR': '\\mathbb{R}', '\\T': '{\\top}',
};

export const katexOptions = {
  output: 'htmlAndMathml',
  macros,
  trust: ({ command }) => command === '\\htmlClass' || command === '\\htmlData',
  // Cyrillic inside \text{} and our \htmlClass are meant; everything else that KaTeX finds odd is an error.
  strict: (code) => (code === 'htmlExtension' || code === 'unicodeTextInMathMode' ? 'ignore' : 'error'),
  throwOnError: true,
};
