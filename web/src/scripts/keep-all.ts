const button = document.querySelector<HTMLButtonElement>('#keep-all')!;
const status = document.querySelector<HTMLElement>('#keep-status')!;

/** A browser may end a worker that is at work for long; what it has kept by then it does not fetch again. */
const SILENT_MS = 90_000; // the largest file over a slow line is as long
let silence: ReturnType<typeof setTimeout> | undefined;
function listen(): void {
  clearTimeout(silence);
  silence = setTimeout(() => {
    status.textContent = 'Сохранение остановилось. Нажмите ещё раз: оно продолжится с того же места.';
    button.disabled = false;
  }, SILENT_MS);
}

if ('serviceWorker' in navigator) {
  void navigator.serviceWorker.ready.then(() => {
    button.hidden = false;
    button.addEventListener('click', async () => {
      button.disabled = true;
      listen();
      (await navigator.serviceWorker.ready).active?.postMessage({ kind: 'everything' }); // by now it may be a newer one
    });
  });
  navigator.serviceWorker.addEventListener('message', ({ data }: MessageEvent<{ kind: string; done: number; of: number; failed: number }>) => {
    if (data.kind !== 'kept') return;
    listen();
    const finished = data.done === data.of;
    status.textContent = !finished ? `Сохранено файлов: ${data.done} из ${data.of}`
      : data.failed > 0 ? `Не всё сохранилось: файлов не хватает ${data.failed}. Попробуйте ещё раз.` : 'Готово: курс можно читать без сети.';
    if (!finished) return;
    clearTimeout(silence);
    button.disabled = data.failed === 0;
  });
}
export {};
