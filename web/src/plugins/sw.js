// The service worker of the course. The build puts the lists in place of the three constants below; their contents decide
// the version, so a new build is a new worker and an unchanged one is not.
//
// Pages, the core and the models are taken from the network first (a stale page is worse than a slow one), from the cache
// when the network fails or is silent for 3 s. Files under _astro/ carry a hash in their name and never change: cache first.
const SHELL = /* shell */ [];
const PAGES = /* pages */ {};
const FILES = /* files */ [];
const CACHE = 'course';
const scope = new URL(self.registration.scope);
const full = (path) => new URL(path, scope).href;
const bare = (url) => { const u = new URL(url); u.search = ''; u.hash = ''; return u.href; };
const immutable = (url) => url.startsWith(full('_astro/'));
// The core comes in two variants, and this browser runs one of them: whether it knows vectors is asked as wasm-feature-detect asks.
const SIMD = WebAssembly.validate(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11]));
const runsHere = (path) => !path.startsWith('core/') || !path.includes(SIMD ? '.scalar.' : '.simd.');

async function keep(cache, paths, each = () => {}) {
  let failed = 0;
  for (const path of paths) {
    const url = full(path);
    try {
      if (!(immutable(url) && (await cache.match(url)))) {
        const answer = await fetch(url, { cache: 'no-cache' });
        if (!answer.ok) throw new Error(String(answer.status));
        await cache.put(url, answer);
      }
    } catch { failed += 1; }
    each(failed);
  }
  return failed;
}
/** A page's address in PAGES, '' for the first; null for anything else. */
function pageOf(url) {
  const path = decodeURIComponent(new URL(url).pathname.slice(scope.pathname.length)).replace(/index\.html$/, '');
  const page = path === '' || path.endsWith('/') ? path : `${path}/`;
  return page in PAGES ? page : null;
}
async function keepPage(cache, page) { return keep(cache, [page, ...PAGES[page].map((i) => FILES[i]).filter(runsHere)]); }

self.addEventListener('install', (event) => {
  event.waitUntil((async () => {
    await keep(await caches.open(CACHE), SHELL.map((i) => FILES[i]).filter(runsHere));
    await self.skipWaiting();
  })());
});

// A new version: what was kept of the old one is brought up to date, and files no page of this build uses are dropped.
self.addEventListener('activate', (event) => {
  event.waitUntil((async () => {
    await self.clients.claim();
    const cache = await caches.open(CACHE);
    const known = new Set([...FILES, ...Object.keys(PAGES)].map(full));
    for (const request of await cache.keys()) {
      if (!known.has(request.url)) { await cache.delete(request); continue; }
      const page = pageOf(request.url);
      if (page !== null) await keepPage(cache, page);
    }
  })());
});

self.addEventListener('message', (event) => {
  const { kind, url } = event.data ?? {};
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    if (kind === 'visited') {
      const page = pageOf(url);
      if (page !== null) await keepPage(cache, page);
      event.source?.postMessage({ kind: 'page-kept', page });
    } else if (kind === 'everything') {
      const all = [...Object.keys(PAGES), ...FILES];
      let done = 0;
      await keep(cache, all, (failed) => event.source?.postMessage({ kind: 'kept', done: (done += 1), of: all.length, failed }));
    }
  })());
});

async function networkFirst(request, key) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(key);
  const network = fetch(request).then((answer) => {
    if (answer.ok && !answer.redirected && request.method === 'GET') void cache.put(key, answer.clone());
    return answer;
  });
  if (!kept) return network;
  const slow = new Promise((resolve) => setTimeout(() => resolve(kept), 3000));
  return Promise.race([network.catch(() => kept), slow]);
}

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = bare(request.url);
  if (request.method !== 'GET' || !url.startsWith(scope.href)) return;
  if (request.mode === 'navigate') {
    const page = pageOf(url);
    const key = page === null ? url : full(page);
    event.respondWith(networkFirst(request, key).catch(async () =>
      (await caches.match(full('offline/'))) ?? Response.error()));
  } else if (immutable(url)) {
    event.respondWith((async () => {
      const kept = await caches.match(url);
      if (kept) return kept;
      const answer = await fetch(request);
      if (answer.ok) void (await caches.open(CACHE)).put(url, answer.clone());
      return answer;
    })());
  } else if (!request.headers.has('range')) {
    event.respondWith(networkFirst(request, url));
  }
});
