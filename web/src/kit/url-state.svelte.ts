// Reactive widget state mirrored to the URL: only what differs from the defaults is written.
import { onMount } from 'svelte';
import { fromParams, readableQuery, toParams, type Schema, type StateOf } from './codecs';

export type UrlState<S extends Schema> = StateOf<S> & {
  $reset(): void;
  /** Absolute link to this widget in this state. */
  $link(): string;
  readonly $dirty: boolean;
  /** False when the state was too long to fit into the link entirely. */
  readonly $complete: boolean;
  readonly $id: string;
};

const DEBOUNCE_MS = 250;

/**
 * `urlState('head-lab', { text: str('абракадабра', { max: 48 }), head: int(0, 0, 7) })`.
 * On the server and during hydration the state is the defaults; the URL is read on mount, so the
 * page at rest is the same for everyone.
 */
export function urlState<S extends Schema>(id: string, schema: S): UrlState<S> {
  const values = $state(initial(schema)) as Record<string, unknown>;
  const state = {} as UrlState<S>;
  for (const [key, codec] of Object.entries(schema)) {
    Object.defineProperty(state, key, {
      enumerable: true,
      get: () => values[key],
      set: (v: unknown) => void (values[key] = codec.coerce(v)),
    });
  }
  let seen = ''; // this widget's part of the address when it was last read or written
  const encoded = $derived(toParams(id, schema, values));
  Object.defineProperties(state, {
    $id: { value: id },
    $dirty: { get: () => !Object.entries(schema).every(([k, c]) => c.equal(values[k], c.initial)) },
    $complete: { get: () => encoded.complete },
    $reset: { value: () => Object.assign(values, initial(schema)) },
    $link: { value: () => linkTo(id, encoded.params) },
  });
  onMount(() => {
    const read = (): void => {
      seen = ownPart(id);
      Object.assign(state, fromParams(id, schema, new URLSearchParams(location.search)));
    };
    read();
    // A link to a place on the page pops a state too: where the address says what it said, there is nothing to go back to, and what
    // is not in it (written a moment later, or too long for it) stays.
    const onPop = (): void => {
      if (ownPart(id) === seen) return;
      Object.assign(values, initial(schema));
      read();
    };
    addEventListener('popstate', onPop);
    return () => removeEventListener('popstate', onPop);
  });
  mirror(id, () => encoded.params, () => (seen = ownPart(id)));
  return state;
}

function initial(schema: Schema): Record<string, unknown> {
  return Object.fromEntries(Object.entries(schema).map(([k, c]) => [k, Array.isArray(c.initial) ? [...c.initial] : c.initial]));
}

function linkTo(id: string, params: [string, string][]): string {
  const query = readableQuery(params);
  return `${location.origin}${location.pathname}${query ? `?${query}` : ''}#${id}`;
}

const ownPart = (id: string): string => JSON.stringify([...new URLSearchParams(location.search)].filter(([k]) => k.startsWith(`w-${id}.`)));

function mirror(id: string, params: () => [string, string][], written: () => void): void {
  let first = true;
  $effect(() => {
    const mine = params();
    if (first) {
      first = false;
      if (mine.length === 0) return;
    }
    const timer = setTimeout(() => {
      writeUrl(id, mine);
      written();
    }, DEBOUNCE_MS);
    return () => clearTimeout(timer);
  });
}

/** Replaces this widget's keys in the address and leaves everyone else's alone. */
export function writeUrl(id: string, mine: [string, string][]): void {
  const url = new URL(location.href);
  const others = [...url.searchParams].filter(([k]) => !k.startsWith(`w-${id}.`));
  const query = readableQuery([...others, ...mine]);
  const next = `${url.pathname}${query ? `?${query}` : ''}${url.hash}`;
  if (next !== `${url.pathname}${url.search}${url.hash}`) history.replaceState(history.state, '', next);
}
