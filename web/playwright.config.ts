import { defineConfig } from '@playwright/test';

// The pages as they are built, on a plain static server that sends no special headers, in the system's Chromium.
const port = Number(process.env.COURSE_TEST_PORT || 4399);
export default defineConfig({
  testDir: '../tests/web',
  outputDir: '../tests/web/test-results',
  timeout: 120_000,
  expect: { timeout: 10_000 },
  fullyParallel: false,
  workers: 1, // training and axe both want a core; two browsers on two cores only make flakes
  retries: process.env.CI ? 1 : 0, // a shared runner may stall a page; the report then says «flaky»
  forbidOnly: Boolean(process.env.CI),
  reporter: [['list']],
  use: {
    baseURL: `http://127.0.0.1:${port}/`,
    locale: 'ru-RU',
    launchOptions: { executablePath: process.env.CHROME_BIN || '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'] },
  },
  webServer: { command: `node scripts/serve.mjs --base / --port ${port}`, url: `http://127.0.0.1:${port}/`, reuseExistingServer: false, cwd: import.meta.dirname },
});
