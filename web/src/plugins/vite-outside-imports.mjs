import { fileURLToPath } from 'node:url';
import path from 'node:path';

// chapters/*.mdx and wasm/client/*.ts live outside web/, where no node_modules is above them. Their bare imports are
// resolved as if they stood in web/src.
const web = fileURLToPath(new URL('../../', import.meta.url));
const anchor = path.join(web, 'src/outside.js');

export default function outsideImports() {
  return {
    name: 'course:outside-imports',
    enforce: 'pre',
    async resolveId(id, importer, options) {
      if (!importer || id.startsWith('.') || id.startsWith('/') || id.startsWith('\0') || id.includes(':')) return null;
      const file = importer.split('?')[0];
      if (!path.isAbsolute(file) || file.startsWith(web)) return null;
      return this.resolve(id, anchor, { ...options, skipSelf: true });
    },
  };
}
