import { answers } from '../lib/search-match';

// Pagefind is loaded when the reader opens the search, not before. It stems Russian words by itself (<html lang="ru">).
interface Hit { url: string; meta: { title?: string }; excerpt: string; sub_results: { url: string; title: string; excerpt: string }[] }
interface Pagefind { init(): Promise<void>; debouncedSearch(query: string, options: object, wait: number): Promise<{ results: { data(): Promise<Hit> }[] } | null> }

const dialog = document.querySelector<HTMLDialogElement>('#search')!;
const input = document.querySelector<HTMLInputElement>('#search-input')!;
const status = document.querySelector<HTMLElement>('#search-status')!;
const list = document.querySelector<HTMLOListElement>('#search-results')!;
let engine: Promise<Pagefind> | undefined;

function load(): Promise<Pagefind> {
  engine ??= import(/* @vite-ignore */ new URL(dialog.dataset.pagefind!, location.href).href).then(async (module: Pagefind) => { await module.init(); return module; });
  engine.catch(() => { engine = undefined; });
  return engine;
}

function open(): void {
  if (dialog.open) return;
  dialog.showModal();
  input.focus();
  input.select();
  if (dialog.dataset.dev !== undefined) { status.textContent = 'Указатель для поиска строится при сборке; в режиме разработки его нет.'; return; }
  load().catch(() => { status.textContent = 'Поиск не загрузился: нет сети, а указатель ещё не сохранён. Оглавление работает и так.'; });
}

function row(url: string, title: string, part: string | undefined, excerpt: string): HTMLLIElement {
  const item = document.createElement('li');
  const link = item.appendChild(document.createElement('a'));
  link.href = url;
  const where = link.appendChild(document.createElement('span'));
  where.className = 'where';
  where.append(part && part !== title ? `${part} ` : title);
  if (part && part !== title) where.appendChild(document.createElement('b')).textContent = `· ${title}`;
  const what = link.appendChild(document.createElement('span'));
  what.className = 'what';
  what.innerHTML = excerpt; // Pagefind's own escaped text with <mark>
  return item;
}

async function search(): Promise<void> {
  const query = input.value.trim();
  if (!query) { list.replaceChildren(); status.textContent = ''; return; }
  try {
    const found = await (await load()).debouncedSearch(query, {}, 120);
    if (!found) return; // a newer query is on its way
    const hits = await Promise.all(found.results.slice(0, 8).map((r) => r.data()));
    if (input.value.trim() !== query) return;
    const rows = hits.flatMap((hit) => hit.sub_results.slice(0, 3).map((sub) => row(sub.url, hit.meta.title ?? '', sub.title, sub.excerpt)))
      .filter((item) => answers(query, [item.querySelector('.where')!.textContent!, ...[...item.querySelectorAll('mark')].map((m) => m.textContent!)]));
    list.replaceChildren(...rows);
    status.textContent = rows.length > 0 ? `Найдено мест: ${rows.length}` : `По запросу «${query.length > 60 ? `${query.slice(0, 60)}…` : query}» ничего нет.`;
  } catch { status.textContent = 'Поиск не загрузился. Попробуйте ещё раз, когда появится сеть.'; }
}

document.querySelector('#search-open')!.addEventListener('click', open);
input.addEventListener('input', () => void search());
window.addEventListener('keydown', (event) => {
  const typing = event.target instanceof HTMLElement && event.target.closest('input, textarea, select, [contenteditable], [role="grid"], [role="slider"]');
  if ((event.key === 'k' || event.key === 'л') && (event.ctrlKey || event.metaKey)) { event.preventDefault(); open(); }
  else if (event.key === '/' && !typing) { event.preventDefault(); open(); }
});
dialog.addEventListener('keydown', (event) => {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  event.preventDefault();
  const stops = [input, ...list.querySelectorAll('a')];
  const at = stops.indexOf(document.activeElement as HTMLInputElement);
  stops[Math.max(0, Math.min(stops.length - 1, at + (event.key === 'ArrowDown' ? 1 : -1)))].focus();
});
dialog.addEventListener('click', (event) => { if (event.target === dialog) dialog.close(); });
list.addEventListener('click', () => dialog.close());
