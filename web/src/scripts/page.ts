// The small behaviours of every page: theme, contents list that follows the reader, cards over citations, offline.
import { replay } from './heard';
import { keepForOffline } from './offline';
import { root } from './root';

const theme = document.querySelector<HTMLButtonElement>('#theme');
const page = document.documentElement;
function showTheme(): void {
  theme?.setAttribute('aria-pressed', String(page.dataset.theme === 'dark'));
}
theme?.addEventListener('click', () => {
  const next = page.dataset.theme === 'dark' ? 'light' : 'dark';
  page.dataset.theme = next;
  try {
    // The system's own choice is not stored: then the page goes on following the system.
    const system = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
    if (next === system) localStorage.removeItem('theme');
    else localStorage.setItem('theme', next);
  } catch { /* without storage the choice lasts until the page is left */ }
});
new MutationObserver(showTheme).observe(page, { attributeFilter: ['data-theme'] });
showTheme();

function followReader(): void {
  const links = new Map<string, HTMLAnchorElement>();
  for (const a of document.querySelectorAll<HTMLAnchorElement>('.toc-side a')) links.set(decodeURIComponent(a.hash.slice(1)), a);
  if (links.size === 0) return;
  const headings = [...links.keys()].map((id) => document.getElementById(id)).filter((h): h is HTMLElement => h !== null);
  let waiting = false;
  const mark = (): void => {
    waiting = false;
    const line = innerHeight * 0.3;
    const current = headings.findLast((h) => h.getBoundingClientRect().top < line);
    for (const [id, a] of links) {
      if (id === current?.id) a.setAttribute('aria-current', 'true');
      else a.removeAttribute('aria-current');
    }
  };
  // Not before the first scroll: above the first heading nothing is marked, and a restored place or an anchor scrolls by itself.
  window.addEventListener('scroll', () => { if (!waiting) { waiting = true; requestAnimationFrame(mark); } }, { passive: true });
}

/** What a citation refers to: it carries the words itself only where the list of sources does not have them (plugins/lean.mjs). */
const reference = ({ dataset, hash }: HTMLAnchorElement): string =>
  (dataset.full ?? document.getElementById(`source-${decodeURIComponent(hash.slice(1))}`)?.firstElementChild?.textContent ?? '').replace(/\s+/g, ' ').trim();

/** The full reference over a citation, on hover and on focus; a click still goes to the bibliography. */
function citationCards(): void {
  const cites = document.querySelectorAll<HTMLAnchorElement>('a.cite');
  if (cites.length === 0) return;
  const card = document.createElement('div');
  card.className = 'cite-card';
  card.popover = 'manual';
  card.id = 'cite-card';
  card.setAttribute('role', 'tooltip');
  document.body.append(card);
  let shown: HTMLAnchorElement | null = null;
  const hide = (): void => { shown = null; if (card.matches(':popover-open')) card.hidePopover(); };
  const place = (): void => {
    const at = shown?.getClientRects()[0];
    if (!at) return;
    const box = card.getBoundingClientRect();
    const below = at.bottom + 8 + box.height < innerHeight;
    card.style.left = `${Math.max(16, Math.min(at.left, innerWidth - box.width - 16))}px`;
    card.style.top = `${below ? at.bottom + 8 : at.top - box.height - 8}px`;
  };
  for (const cite of cites) {
    const show = (): void => {
      shown = cite;
      card.textContent = reference(cite);
      if (!card.matches(':popover-open')) card.showPopover(); // hovered while it has the focus: a second time is an error in some browsers
      place();
    };
    cite.setAttribute('aria-describedby', card.id);
    cite.addEventListener('pointerenter', (event) => { if (event.pointerType === 'mouse') show(); });
    cite.addEventListener('focus', show);
    cite.addEventListener('pointerleave', hide);
    cite.addEventListener('blur', hide);
  }
  window.addEventListener('keydown', (event) => { if (event.key === 'Escape') hide(); });
  window.addEventListener('scroll', place, { passive: true }); // focus itself may scroll the page
}

/** What scrolls sideways must be reachable from the keyboard; what does not must not cost a tab stop. */
function scrollersInTabOrder(): void {
  const look = (box: Element): void => {
    if (box.scrollWidth > box.clientWidth + 1) box.setAttribute('tabindex', '0');
    else box.removeAttribute('tabindex');
  };
  const watch = new ResizeObserver((entries) => entries.forEach(({ target }) => look(target)));
  const boxes = [...document.querySelectorAll('.katex-display, .table-scroll, .listing pre')];
  for (const box of boxes) watch.observe(box);
  // A face that arrives late widens a formula and leaves its box as it was. What is left without layout is not asked: it would be laid
  // out for the answer, and the observer hears of it when its turn comes.
  document.fonts.addEventListener('loadingdone', () => boxes.filter((box) => box.checkVisibility?.({ contentVisibilityAuto: true }) ?? true).forEach(look));
}

/** A button on each listing that copies its text. */
function copyButtons(): void {
  for (const box of document.querySelectorAll('.listing')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'copy';
    button.title = 'Копировать';
    const said = document.createElement('span');
    said.className = 'copied';
    said.setAttribute('role', 'status');
    button.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(box.querySelector('code')!.textContent!.trimEnd());
        said.textContent = 'Скопировано';
      } catch { said.textContent = 'Браузер не дал скопировать'; }
      setTimeout(() => { said.textContent = ''; }, 2000);
    });
    box.append(said, button);
  }
}

replay();
followReader();
copyButtons();
citationCards();
scrollersInTabOrder();
if (import.meta.env.PROD && 'serviceWorker' in navigator)
  window.addEventListener('load', () => void keepForOffline(root));
