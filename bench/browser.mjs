// What the measurements in Chromium share: the browser, with the playwright of web/ and the system's binary.
import { createRequire } from 'node:module';

const { chromium } = createRequire(new URL('../web/package.json', import.meta.url))('playwright-core');

export const executable = process.env.CHROME_BIN || '/usr/bin/chromium';
export const flags = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'];

/** Opens Chromium, hands it to `use`, and closes it whatever happens. */
export async function withBrowser(use) {
  const browser = await chromium.launch({ executablePath: executable, args: flags });
  try {
    return await use(browser);
  } finally {
    await browser.close();
  }
}

export const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
