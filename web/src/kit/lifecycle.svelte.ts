// Figures wake when they come within two viewports, one per frame, and sleep off screen or when
// the tab is hidden.

export interface Lifecycle {
  /** Within two viewports: time to ask the engine. Stays true once the figure has been prepared. */
  readonly near: boolean;
  readonly visible: boolean;
  /** The tab is in the background. */
  readonly hidden: boolean;
  /** Animations may run. */
  readonly awake: boolean;
  /** `{@attach live.observe}` on the figure's root. */
  observe(node: HTMLElement): () => void;
}

const queue: (() => void)[] = [];
let scheduled = false;

/** Runs `task` in a frame of its own, after those queued before it. */
export function onePerFrame(task: () => void): () => void {
  queue.push(task);
  if (!scheduled) {
    scheduled = true;
    requestAnimationFrame(drain);
  }
  return () => {
    const i = queue.indexOf(task);
    if (i >= 0) queue.splice(i, 1);
  };
}

function drain(): void {
  queue.shift()?.();
  if (queue.length > 0) requestAnimationFrame(drain);
  else scheduled = false;
}

export function lifecycle(): Lifecycle {
  let near = $state(false);
  let visible = $state(false);
  let hidden = $state(false);

  function observe(node: HTMLElement): () => void {
    let cancel = (): void => {};
    const nearby = new IntersectionObserver(
      (entries) => {
        if (!entries.some((e) => e.isIntersecting)) return;
        nearby.disconnect();
        cancel = onePerFrame(() => (near = true));
      },
      { rootMargin: '200% 0px' },
    );
    const onScreen = new IntersectionObserver((entries) => {
      for (const e of entries) visible = e.isIntersecting;
    });
    const onVisibility = (): void => void (hidden = document.hidden);
    nearby.observe(node);
    onScreen.observe(node);
    onVisibility();
    document.addEventListener('visibilitychange', onVisibility);
    return () => {
      cancel();
      nearby.disconnect();
      onScreen.disconnect();
      document.removeEventListener('visibilitychange', onVisibility);
    };
  }

  return {
    get near() { return near; },
    get visible() { return visible; },
    get hidden() { return hidden; },
    get awake() { return visible && !hidden; },
    observe,
  };
}

/** True when the reader asked for less motion; false on the server. */
export function reducedMotion(): boolean {
  return typeof matchMedia === 'function' && matchMedia('(prefers-reduced-motion: reduce)').matches;
}
