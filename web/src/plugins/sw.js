// The service worker of the course. The build puts the lists in place of the constants below; their contents decide
// the version, so a new build is a new worker and an unchanged one is not.
//
// Pages, the core and the models are taken from the network first (a stale page is worse than a slow one), from the cache
// when the network fails or is silent for 3 s. Files under _astro/ carry a hash in their name and never change: cache first.
const SHELL = /* shell */ [];
const PAGES = /* pages */ {};
const FILES = /* files */ [];
const [BUILD] = /* build */ [];
const CACHE = 'course';
/** Files of the build before this one: a page that was open while the course was renewed asks for its own. */
const FORMER = 'course-former';
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
const needs = (page) => PAGES[page].map((i) => FILES[i]).filter(runsHere);
/** Pages only when all they need is there: where something fails, the old page stays with the old files. */
const keepPages = async (cache, pages) => (await keep(cache, new Set(pages.flatMap(needs)))) || keep(cache, pages);
const mark = full('build'); // says of which build the kept pages are

self.addEventListener('install', (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    const empty = (await cache.keys()).length === 0;
    await keep(cache, SHELL.map((i) => FILES[i]).filter(runsHere));
    if (empty) await cache.put(mark, new Response(BUILD));
    await self.skipWaiting();
  })());
});

// Nothing is fetched here: until this is over, no page gets an answer.
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

/** After a new build: pages kept of the old one are brought up to date, and only when all of them are, what they no longer need goes. */
async function renew(cache) {
  if ((await (await cache.match(mark))?.text()) === BUILD) return;
  const known = new Set([mark, ...[...FILES, ...Object.keys(PAGES)].map(full)]);
  const kept = (await cache.keys()).map((request) => request.url);
  const failed = await keepPages(cache, kept.filter((url) => known.has(url)).map(pageOf).filter((page) => page !== null));
  if (failed > 0) return; // the old copies stay whole; again at the next visit
  await caches.delete(FORMER);
  const former = await caches.open(FORMER);
  for (const url of kept) {
    if (known.has(url)) continue;
    const answer = immutable(url) && (await cache.match(url));
    if (answer) await former.put(url, answer);
    await cache.delete(url);
  }
  await cache.put(mark, new Response(BUILD));
}
let renewing;

self.addEventListener('message', (event) => {
  const { kind, url } = event.data ?? {};
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    if (kind === 'visited') {
      const page = pageOf(url);
      if (page !== null) await keepPages(cache, [page]);
      event.source?.postMessage({ kind: 'page-kept', page });
      await (renewing ??= renew(cache).finally(() => { renewing = undefined; }));
    } else if (kind === 'everything') {
      const all = [...Object.keys(PAGES), ...FILES.filter(runsHere)];
      let done = 0;
      await keep(cache, all, (failed) => event.source?.postMessage({ kind: 'kept', done: (done += 1), of: all.length, failed }));
    }
  })());
});

async function networkFirst(request, key, ask = () => fetch(request)) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(key);
  const network = ask().then((answer) => {
    if (answer.ok && !answer.redirected && request.method === 'GET') cache.put(key, answer.clone()).catch(() => {}); // no room: the answer is still an answer
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
    // What a reader wrote into a figure stands behind the "?", and is for no server.
    const stateless = () => fetch(url, { redirect: 'manual', cache: request.cache });
    event.respondWith(networkFirst(request, key, stateless).catch(async () =>
      (await caches.match(full('offline/'))) ?? Response.error()));
  } else if (immutable(url)) {
    event.respondWith((async () => {
      const kept = await caches.match(url);
      if (kept) return kept;
      const answer = await fetch(request);
      if (answer.ok) (await caches.open(CACHE)).put(url, answer.clone()).catch(() => {});
      return answer;
    })());
  } else if (!request.headers.has('range')) {
    event.respondWith(networkFirst(request, url));
  }
});
