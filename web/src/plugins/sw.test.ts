// The service worker in a small world of its own: a site that changes, a network that goes away, caches that last.
import fs from 'node:fs';
import { beforeEach, expect, it } from 'vitest';

const text = fs.readFileSync(new URL('./sw.js', import.meta.url), 'utf8');
const ROOT = 'https://course.test/a/';
type Build = { name: string; files: string[]; pages: Record<string, number[]>; shell: number[] };
interface Heard { kind: string; [key: string]: unknown }

let site = new Map<string, string>();
let stores = new Map<string, Map<string, Response>>();
let asked: string[] = [];
const full = (path: string): string => new URL(path, ROOT).href;

type Key = string | { url: string };
const address = (key: Key): string => (typeof key === 'string' ? key : key.url);
const cacheOf = (store: Map<string, Response>) => ({
  match: async (key: Key) => store.get(address(key))?.clone(),
  put: async (key: Key, answer: Response) => void store.set(address(key), answer),
  delete: async (key: Key) => store.delete(address(key)),
  keys: async () => [...store.keys()].map((url) => ({ url })),
});
const caches = {
  async open(name: string) {
    if (!stores.has(name)) stores.set(name, new Map());
    return cacheOf(stores.get(name)!);
  },
  delete: async (name: string) => stores.delete(name),
  match: async (key: string) => [...stores.values()].find((s) => s.has(key))?.get(key)?.clone(),
};
const network = async (request: Key): Promise<Response> => {
  const url = address(request);
  asked.push(url.slice(ROOT.length));
  if (site.size === 0) throw new TypeError('no network');
  const body = site.get(url.slice(ROOT.length));
  return new Response(body ?? 'nothing', { status: body === undefined ? 404 : 200 });
};

/** A worker of this build; its state beyond the caches does not outlive it. */
function worker({ name, files, pages, shell }: Build) {
  const on = new Map<string, (event: object) => void>();
  const self = { registration: { scope: ROOT }, addEventListener: (kind: string, f: (event: object) => void) => on.set(kind, f), skipWaiting: async () => {}, clients: { claim: async () => {} } };
  const fill = (mark: string, value: unknown) => (code: string): string => code.replace(new RegExp(`/\\* ${mark} \\*/ (\\[\\]|\\{\\})`), () => JSON.stringify(value));
  const code = [fill('shell', shell), fill('pages', pages), fill('files', files), fill('build', [name])].reduce((t, f) => f(t), text);
  new Function('self', 'caches', 'fetch', code)(self, caches, network);
  const heard: Heard[] = [];
  async function tell(kind: string, more: object = {}): Promise<void> {
    const waits: Promise<unknown>[] = [];
    on.get(kind)!({ waitUntil: (p: Promise<unknown>) => waits.push(p), source: { postMessage: (m: Heard) => heard.push(m) }, ...more });
    await Promise.all(waits);
  }
  async function get(path: string, mode = 'no-cors'): Promise<string> {
    let answer: Promise<Response> | undefined;
    on.get('fetch')!({ request: { url: full(path), method: 'GET', mode, headers: new Headers() }, respondWith: (p: Promise<Response>) => (answer = p) });
    const response = await answer!;
    return response.ok ? response.text() : `HTTP ${response.status}`;
  }
  return { tell, get, heard, visit: (path: string) => tell('message', { data: { kind: 'visited', url: full(path) } }) };
}

/** Two builds of three pages; the second has other scripts under other names. */
const build = (n: 1 | 2): Build => ({
  name: `build-${n}`, files: [`_astro/first.${n}.js`, `_astro/late.${n}.js`, 'models/m.bin', 'core/a.simd.wasm', 'core/a.scalar.wasm', '', 'offline/'],
  pages: { '': [0], 'one/': [0, 1], 'two/': [0, 2], 'offline/': [0] }, shell: [0, 5, 6],
});
const publish = (n: 1 | 2): void => {
  const { files, pages } = build(n);
  site = new Map([...files, ...Object.keys(pages)].map((path) => [path, `${path} of ${n}`]));
};
async function installed(n: 1 | 2): Promise<ReturnType<typeof worker>> {
  const w = worker(build(n));
  await w.tell('install');
  await w.tell('activate');
  return w;
}
const offline = (): void => site.clear();

beforeEach(() => {
  [stores, asked] = [new Map(), []];
  publish(1);
});

it('keeps the page that was visited, whole, and answers for it without a network', async () => {
  const w = await installed(1);
  await w.visit('one/#place');
  expect(w.heard).toEqual([{ kind: 'page-kept', page: 'one/' }]);
  offline();
  expect(await w.get('one/', 'navigate')).toBe('one/ of 1');
  expect(await w.get('_astro/late.1.js')).toBe('_astro/late.1.js of 1');
  expect(await w.get('two/', 'navigate')).toBe('offline/ of 1');
});

it('tells the server nothing of what stands behind the question mark', async () => {
  const w = await installed(1);
  asked = [];
  expect(await w.get('one/?w-head.text=слова+читателя', 'navigate')).toBe('one/ of 1');
  expect(asked).toEqual(['one/']);
  offline();
  expect(await w.get('one/?w-head.text=другие', 'navigate')).toBe('one/ of 1');
});

it('asks for nothing twice on the first visit', async () => {
  const w = await installed(1);
  asked = [];
  await w.visit('one/');
  expect(asked).toEqual(['_astro/late.1.js', 'one/']);
});

it('a new build fetches nothing while pages wait for it, and then brings every kept page up to date', async () => {
  const old = await installed(1);
  await old.visit('one/');
  await old.visit('two/');
  publish(2);
  const w = worker(build(2));
  await w.tell('install');
  asked = [];
  await w.tell('activate');
  expect(asked).toEqual([]);
  await w.visit('one/');
  offline();
  for (const page of ['one/', 'two/']) expect(await w.get(page, 'navigate')).toBe(`${page} of 2`);
  for (const file of ['_astro/late.2.js', 'models/m.bin']) expect(await w.get(file)).toBe(`${file} of 2`);
});

it('a page of the build before goes on waking its figures, until the build after the next', async () => {
  const old = await installed(1);
  await old.visit('one/');
  publish(2);
  const w = await installed(2);
  expect(await w.get('_astro/late.1.js')).toBe('_astro/late.1.js of 1'); // the server has it no more
  await w.visit('');
  expect(await w.get('_astro/late.1.js')).toBe('_astro/late.1.js of 1');
  const third = worker({ ...build(2), name: 'build-3' });
  await third.tell('install');
  await third.tell('activate');
  await third.visit('');
  expect(await third.get('_astro/late.1.js')).toBe('HTTP 404');
});

it('where the network goes away during a renewal, the old copy stays whole, and the next visit ends it', async () => {
  const old = await installed(1);
  await old.visit('one/');
  publish(2);
  const w = await installed(2);
  site.delete('_astro/late.2.js'); // one file fails, say
  await w.visit('');
  offline();
  expect(await w.get('one/', 'navigate')).toBe('one/ of 1');
  expect(await w.get('_astro/late.1.js')).toBe('_astro/late.1.js of 1');
  publish(2);
  await worker(build(2)).visit('');
  offline();
  expect(await w.get('one/', 'navigate')).toBe('one/ of 2');
  expect(await w.get('_astro/late.2.js')).toBe('_astro/late.2.js of 2');
});

it('keeps everything on request, but of the core only what runs here', async () => {
  const w = await installed(1);
  await w.tell('message', { data: { kind: 'everything' } });
  expect(w.heard.at(-1)).toEqual({ kind: 'kept', done: 10, of: 10, failed: 0 });
  offline();
  expect(await w.get('two/', 'navigate')).toBe('two/ of 1');
  expect(await w.get('core/a.simd.wasm')).toBe('core/a.simd.wasm of 1');
  await expect(w.get('core/a.scalar.wasm')).rejects.toThrow('no network');
});
