import { vitePreprocess } from '@astrojs/svelte';
// A scope's class stands on thousands of elements: six signs tell styles apart as well as fourteen.
export default { preprocess: vitePreprocess(), compilerOptions: { cssHash: ({ hash, css }) => `s${hash(css).slice(0, 5)}` } };
