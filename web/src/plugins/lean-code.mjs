// A listing as Expressive Code writes it is made for frames, gutters, marks and tabs that this course does not have: two boxes and
// an inline style for each line, two colours in each span, and the whole text once more for its button. Here a line becomes one
// span, a colour a class, and plain text stands bare; src/styles/listing.css draws it and scripts/page.ts adds the button.
const BLOCK = /<div class="expressive-code">([^]*?)<\/figure><\/div>/g;
const FRAME = /^(?:<link [^>]*>|<script [^>]*><\/script>)*<figure class="frame not-content"><figcaption class="header"><\/figcaption><pre data-language="([\w-]+)" class="wrap" style="--ecMaxLine:\d+ch"><code>([^]*)<\/code><\/pre><div class="copy">[^]*<\/div>$/;
const LINE = /<div class="ec-line"(?: style="--ecIndent:(\d+)ch")?><div class="code">([^]*?)<\/div><\/div>/g;
const TOKEN = /<span style="--0:(#[\da-f]{6});--1:(#[\da-f]{6})">([^<]*)<\/span>|([^<]+)/gi;

function line(text, indent, classOf) {
  const runs = []; // neighbours of one colour are one run
  const bare = text.replace(/\n$/, '').replace(/<span class="indent">(?:<span [^>]*>)?(\s+)(?:<\/span>)?<\/span>/g, '$1');
  for (const [, light, dark, coloured, plain] of bare.matchAll(TOKEN)) {
    const signs = coloured ?? plain;
    // A space has no colour of its own.
    const name = !signs.trim() ? runs.at(-1)?.name ?? '' : coloured === undefined ? '' : classOf(light, dark);
    if (runs.at(-1)?.name === name) runs.at(-1).signs += signs;
    else runs.push({ name, signs });
  }
  if (bare.replace(TOKEN, '').trim()) return null; // more than coloured text
  const made = runs.map(({ name, signs }) => (name ? `<span class="${name}">${signs}</span>` : signs)).join('');
  return `<span${indent ? ` style="--i:${indent}"` : ''}>${made}\n</span>`;
}

/** The page with its listings so written, and the rules of their colours. One with a title, marks or a gutter stays as it was, heavy and whole. */
export function plainCode(html) {
  const pairs = new Map(); // light and dark → class
  const classOf = (light, dark) => {
    const pair = `${light};${dark}`.toLowerCase();
    if (pair === PLAIN) return '';
    if (!pairs.has(pair)) pairs.set(pair, `tok${pairs.size}`);
    return pairs.get(pair);
  };
  const made = html.replace(BLOCK, (whole, inner) => {
    const [, language, lines] = FRAME.exec(inner) ?? [];
    if (language === undefined) return whole;
    let known = true;
    const code = lines.replace(LINE, (_, indent, text) => {
      const made = line(text, indent, classOf);
      known &&= made !== null;
      return made;
    });
    if (!known || /<div/.test(code)) return whole;
    return `<div class="listing"><pre data-language="${language}"><code>${code}</code></pre></div>`;
  });
  let css = '';
  for (const [pair, name] of pairs) {
    const [light, dark] = pair.split(';');
    css += `.${name}{color:${light}}[data-theme=dark] .${name}{color:${dark}}`;
  }
  return { html: made, css };
}
const PLAIN = '#0e1116;#f0f3f6'; // src/styles/listing.css gives it to the whole
