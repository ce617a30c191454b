/** Registers the service worker and tells it which page was read, so that it keeps what that page needs. */
export async function keepForOffline(root: string): Promise<void> {
  try {
    await navigator.serviceWorker.register(`${root}sw.js`, { scope: root });
    const { active } = await navigator.serviceWorker.ready;
    active?.postMessage({ kind: 'visited', url: location.href });
  } catch { /* private windows forbid it; the course then needs the network each time */ }
}
