// What the reader pressed, typed or chose on a figure that had no scripts yet is done again once the figure can hear it. The line in
// shell/Head.astro that writes it down stands before the figures: a press must not be lost because a script is late.

/** What a press is: on a button or on a cell of a grid. Links and folds need no script. */
export const PRESSED = 'button,[role=gridcell]';

/** The last press and the last entry on an island; `at` is the place of what was pressed among its like. */
type Island = HTMLElement & { heard?: { click?: { target: HTMLElement; at: number }; input?: { target: Field; value: string; checked?: boolean } } };
type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

export function again(island: Island): void {
  const { click, input } = island.heard ?? {};
  delete island.heard;
  if (input?.target.isConnected) {
    input.target.value = input.value;
    if (input.target instanceof HTMLInputElement) input.target.checked = input.checked === true;
    for (const kind of ['input', 'change']) input.target.dispatchEvent(new Event(kind, { bubbles: true }));
  }
  if (!click) return;
  // Hydration may have put another node in its place.
  const heir = island.querySelectorAll<HTMLElement>(PRESSED)[click.at];
  if (click.target.isConnected) click.target.click();
  else if (heir?.textContent === click.target.textContent) heir.click();
}

/** From now on; and for figures that woke before this script was there. */
export function replay(): void {
  addEventListener('astro:hydrate', ({ target }) => again(target as Island), true);
  for (const island of document.querySelectorAll<Island>('astro-island:not([ssr])')) again(island);
}
