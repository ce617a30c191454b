import { defineConfig } from 'vitest/config';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import outsideImports from './src/plugins/vite-outside-imports.mjs';

export default defineConfig({
  plugins: [svelte(), outsideImports()],
  resolve: { conditions: ['browser'] },
  server: { fs: { allow: ['..'] } },
  test: { include: ['src/**/*.test.ts', 'scripts/**/*.test.ts', '../wasm/client/**/*.test.ts'] },
});
