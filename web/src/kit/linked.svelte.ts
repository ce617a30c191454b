// Linked highlighting: hover (or keyboard focus) previews, click locks, Esc releases.

export type Ref =
  | { kind: 'token'; index: number; role?: 'query' | 'key' }
  | { kind: 'cell'; row: number; col: number }
  | { kind: 'head'; layer: number; head: number }
  | { kind: 'dim'; index: number };

export interface Linked {
  /** Under the pointer or the keyboard focus. */
  readonly hover: Ref | null;
  readonly locked: Ref | null;
  /** What to highlight: the hovered thing while there is one, else the locked one. */
  readonly active: Ref | null;
  preview(ref: Ref | null): void;
  /** Locks `ref`; locking the same thing again releases it. */
  lock(ref: Ref): void;
  release(): void;
  /** How token `index` takes part in the active highlight. */
  token(index: number): 'query' | 'key' | 'both' | null;
  head(layer: number, head: number): boolean;
}

export function sameRef(a: Ref | null, b: Ref | null): boolean {
  if (a === null || b === null) return a === b;
  if (a.kind === 'cell' && b.kind === 'cell') return a.row === b.row && a.col === b.col;
  if (a.kind === 'head' && b.kind === 'head') return a.layer === b.layer && a.head === b.head;
  if ((a.kind === 'token' && b.kind === 'token') || (a.kind === 'dim' && b.kind === 'dim')) return a.index === b.index;
  return false;
}

export function linked(): Linked {
  let hover = $state.raw<Ref | null>(null);
  let locked = $state.raw<Ref | null>(null);
  return {
    get hover() { return hover; },
    get locked() { return locked; },
    get active() { return hover ?? locked; },
    preview: (ref) => void (sameRef(hover, ref) || (hover = ref)),
    lock: (ref) => void (locked = sameRef(locked, ref) ? null : ref),
    release: () => { hover = null; locked = null; },
    token: (index) => tokenRole(hover ?? locked, index),
    head: (layer, head) => sameRef(hover ?? locked, { kind: 'head', layer, head }),
  };
}

export function tokenRole(ref: Ref | null, index: number): 'query' | 'key' | 'both' | null {
  if (ref?.kind === 'token') return ref.index === index ? (ref.role ?? 'both') : null;
  if (ref?.kind !== 'cell') return null;
  if (ref.row === index) return ref.col === index ? 'both' : 'query';
  return ref.col === index ? 'key' : null;
}

/** One highlight for a whole page: figures in separate islands that show the same thing. */
let page: Linked | undefined;
export const pageLink = (): Linked => (page ??= linked());

/** Esc inside the node (or anywhere, when nothing else took it) releases the highlight. */
export function releaseOnEscape(link: Linked): (node: HTMLElement) => () => void {
  return (node) => {
    const onKey = (e: KeyboardEvent): void => {
      if (e.key !== 'Escape' || e.defaultPrevented || !link.active) return;
      if (node.contains(document.activeElement) || document.activeElement === document.body) link.release();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  };
}
