// client:near — how a chapter's figures come alive. What `client:visible` in a chapter means (remark-components writes it so).
//
// The page is readable and its figures teach from their recordings without any of this, so nothing is spent on a reader who is
// not there yet: a figure within a viewport has its scripts fetched when the browser is idle, and is hydrated at the first sign
// of a reader (scroll, pointer, key, focus) or at once when the address names a state or a place. Figures are hydrated one at a
// time, each in a task of its own. What the reader pressed or typed in between is done again afterwards: heard.ts.
import type { ClientDirective } from 'astro';

const SIGNS = ['scroll', 'wheel', 'pointermove', 'pointerdown', 'touchstart', 'keydown', 'focusin', 'input'] as const;

let sign: Promise<void> | undefined;
/** Resolved once somebody reads the page. */
function reader(): Promise<void> {
  sign ??= new Promise((resolve) => {
    if (location.hash || location.search) { resolve(); return; }
    const seen = (): void => {
      for (const name of SIGNS) removeEventListener(name, seen, true);
      resolve();
    };
    for (const name of SIGNS) addEventListener(name, seen, { capture: true, passive: true });
  });
  return sign;
}

const loaded = new Promise<void>((resolve) => {
  if (document.readyState === 'complete') resolve();
  else addEventListener('load', () => resolve(), { once: true });
});
const idle = (): Promise<void> => new Promise((resolve) => {
  if ('requestIdleCallback' in window) requestIdleCallback(() => resolve(), { timeout: 1000 });
  else setTimeout(resolve, 50);
});
const task = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

let queue = Promise.resolve();
/** One figure after another, each in its own task. */
function inTurn(job: () => Promise<void>): Promise<void> {
  queue = queue.then(task).then(job).catch((error: unknown) => console.error(error)); // one broken figure does not stop the rest
  return queue;
}

function near(island: HTMLElement): Promise<void> {
  return new Promise((resolve) => {
    const watch = new IntersectionObserver((entries) => {
      if (!entries.some((e) => e.isIntersecting)) return;
      watch.disconnect();
      resolve();
    }, { rootMargin: '100% 0px' });
    for (const child of island.children) watch.observe(child); // the island itself has no box
  });
}

const directive: ClientDirective = async (load, _options, island) => {
  void reader(); // whoever scrolled before any figure was near has read as well
  await near(island);
  for (const waiting of island.querySelectorAll<HTMLTemplateElement>('template[data-field]')) waiting.replaceWith(waiting.content); // plugins/lean-markup.mjs, fieldsWait
  await Promise.race([loaded.then(idle), reader()]);
  const hydrate = await load();
  await reader();
  await inTurn(hydrate);
};
export default directive;
