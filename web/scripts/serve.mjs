// A static server that gives what GitHub Pages gives and no more: gzip, ETag, max-age=600, 404.html, a sub-path; no special headers.
//   node scripts/serve.mjs [--dir dist] [--base /] [--port 4321]
import http from 'node:http';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import crypto from 'node:crypto';
import { pathToFileURL } from 'node:url';

const types = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.mjs': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8',
  '.json': 'application/json', '.wasm': 'application/wasm', '.svg': 'image/svg+xml', '.png': 'image/png', '.woff2': 'font/woff2',
  '.xml': 'application/xml', '.txt': 'text/plain; charset=utf-8', '.webmanifest': 'application/manifest+json',
};
const squeezable = /\.(html|m?js|css|json|wasm|svg|xml|txt|webmanifest)$/;

export function serve({ dir = 'dist', base = '/', port = 0 } = {}) {
  const root = path.resolve(dir);
  const server = http.createServer((request, response) => {
    const url = decodeURIComponent(new URL(request.url, 'http://x').pathname);
    if (!url.startsWith(base)) { response.writeHead(404).end('outside of the base'); return; }
    let file = path.join(root, url.slice(base.length));
    if (!file.startsWith(root)) { response.writeHead(403).end(); return; }
    if (fs.existsSync(file) && fs.statSync(file).isDirectory()) {
      if (!url.endsWith('/')) { response.writeHead(301, { location: `${url}/` }).end(); return; }
      file = path.join(file, 'index.html');
    }
    let status = 200;
    if (!fs.existsSync(file)) { status = 404; file = path.join(root, '404.html'); }
    if (!fs.existsSync(file)) { response.writeHead(404).end('not found'); return; }
    let body = fs.readFileSync(file);
    const etag = `"${crypto.createHash('sha1').update(body).digest('base64url')}"`;
    if (status === 200 && request.headers['if-none-match'] === etag) { response.writeHead(304).end(); return; }
    const headers = { 'content-type': types[path.extname(file)] ?? 'application/octet-stream', 'cache-control': 'max-age=600', etag };
    if (squeezable.test(file) && /\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) {
      body = zlib.gzipSync(body);
      headers['content-encoding'] = 'gzip';
      headers.vary = 'accept-encoding';
    }
    response.writeHead(status, { ...headers, 'content-length': body.length }).end(request.method === 'HEAD' ? undefined : body);
  });
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve({ server, url: `http://127.0.0.1:${server.address().port}${base}` })));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const option = (name, otherwise) => { const at = process.argv.indexOf(`--${name}`); return at < 0 ? otherwise : process.argv[at + 1]; };
  const { url } = await serve({ dir: option('dir', 'dist'), base: option('base', process.env.COURSE_BASE || '/'), port: Number(option('port', 4321)) });
  console.log(url);
}
