import { defineConfig } from 'astro/config';
import starlight from '@astrojs/starlight';
import svelte from '@astrojs/svelte';
import { unified } from '@astrojs/markdown-remark';
import remarkMath from 'remark-math';
import rehypeKatex from 'rehype-katex';
import { katexOptions } from './src/plugins/katex.mjs';
import remarkComponents from './src/plugins/remark-components.mjs';
import remarkChapter from './src/plugins/remark-chapter.mjs';
import remarkFormulas from './src/plugins/remark-formulas.mjs';
import remarkTypography from './src/plugins/remark-typography.mjs';
import rehypeBook from './src/plugins/rehype-book.mjs';
import outsideImports from './src/plugins/vite-outside-imports.mjs';
import leanKatexFonts from './src/plugins/vite-lean-katex.mjs';
import leanKit, { kitChunks } from './src/plugins/vite-lean-kit.mjs';
import lean from './src/plugins/lean.mjs';
import offline from './src/plugins/offline.mjs';

// `./course build --base /name/` and the Pages workflow say where the site will live; alone, it lives at the root.
const base = process.env.COURSE_BASE || '/';
const site = process.env.COURSE_SITE || 'http://localhost:4321';

export default defineConfig({
  site,
  base,
  trailingSlash: 'ignore',
  devToolbar: { enabled: false },
  prefetch: false, // a script on every page to fetch another on hover: here the page itself is waiting for the line
  markdown: {
    processor: unified({
      smartypants: false, // typograf does it, and knows Russian
      remarkRehype: { footnoteLabel: 'Примечания', footnoteBackLabel: 'Вернуться к тексту' },
      remarkPlugins: [remarkMath, remarkFormulas, remarkChapter, remarkTypography, remarkComponents],
      rehypePlugins: [[rehypeKatex, katexOptions], rehypeBook],
    }),
  },
  integrations: [
    starlight({
      title: 'Анатомия внимания',
      description: 'Интерактивный курс о головах внимания: каждая фигура считается в вашем браузере.',
      locales: { root: { label: 'Русский', lang: 'ru' } },
      disable404Route: true,
      credits: false,
      sidebar: [], // Sidebar.astro draws it from chapters/course.json
      customCss: ['katex/dist/katex.min.css', './src/styles/fonts.css', './src/styles/palette.css', './src/styles/book.css', './src/styles/listing.css', './src/styles/starlight.css', './src/styles/print.css'],
      expressiveCode: {
        themes: ['github-light-high-contrast', 'github-dark-high-contrast'],
        defaultProps: { wrap: true }, // a phone's page does not scroll sideways for the sake of a comment
        styleOverrides: { borderRadius: '2px' },
      },
      // Starlight keeps routes, frontmatter, search index and code blocks; every visible part is ours.
      components: Object.fromEntries(
        ['Head', 'ThemeProvider', 'SkipLink', 'PageFrame', 'TwoColumnContent', 'PageSidebar', 'ContentPanel', 'MarkdownContent', 'Header', 'Sidebar', 'PageTitle', 'Footer'].map((name) => [name, `./src/shell/${name}.astro`]),
      ),
    }),
    svelte(),
    { name: 'course:near', hooks: { 'astro:config:setup': ({ addClientDirective }) => addClientDirective({ name: 'near', entrypoint: './src/scripts/near.ts' }) } },
    lean({ base }),
    offline(),
  ],
  vite: {
    define: { 'import.meta.env.PUBLIC_REPOSITORY': JSON.stringify((process.env.COURSE_REPOSITORY ?? '').replace(/\/$/, '')) }, // «как это посчитано» links to it
    plugins: [outsideImports(), leanKit(), leanKatexFonts()],
    environments: { client: { build: { rolldownOptions: { output: { codeSplitting: kitChunks } } } } },
    server: { fs: { allow: ['..'] } },
    worker: { format: 'es', plugins: () => [outsideImports()] }, // its modules stand outside web/ as well
    build: { assetsInlineLimit: (file, content) => !file.endsWith('.woff2') && content.length < 2048 }, // a face inside the styles is paid for by every page
  },
});
