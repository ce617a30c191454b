// The icon: a causal triangle with an induction stripe, as on the title page. Writes public/favicon.svg and the PNGs that
// manifests and phones ask for (drawn by Chromium). node scripts/make-icons.mjs
import fs from 'node:fs';
import { chromium } from 'playwright-core';

const n = 4, step = 22, left = 21;
const marked = new Set(['2,0', '3,1']);
let cells = '';
for (let i = 0; i < n; i += 1) for (let j = 0; j <= i; j += 1)
  cells += `<rect x="${left + j * step}" y="${left - 2 + i * step}" width="${step - 3}" height="${step - 3}" fill="${marked.has(`${i},${j}`) ? '#ec7386' : i - j === 1 ? '#8f8575' : '#4a453f'}"/>`;
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 128 128"><rect width="128" height="128" rx="18" fill="#1f1b16"/>${cells}</svg>\n`;
fs.mkdirSync('public', { recursive: true });
fs.writeFileSync('public/favicon.svg', svg);
const browser = await chromium.launch({ executablePath: process.env.CHROME_BIN || '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
for (const size of [180, 192, 512]) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  await page.setContent(`<style>*{margin:0}svg{display:block;width:${size}px}</style>${svg.replace(' rx="18"', '')}`);
  await page.screenshot({ path: `public/icon-${size}.png` });
}
await browser.close();
