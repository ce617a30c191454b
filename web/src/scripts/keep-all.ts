const button = document.querySelector<HTMLButtonElement>('#keep-all')!;
const status = document.querySelector<HTMLElement>('#keep-status')!;

if ('serviceWorker' in navigator) {
  void navigator.serviceWorker.ready.then(({ active }) => {
    button.hidden = false;
    button.addEventListener('click', () => {
      button.disabled = true;
      active?.postMessage({ kind: 'everything' });
    });
  });
  navigator.serviceWorker.addEventListener('message', ({ data }: MessageEvent<{ kind: string; done: number; of: number; failed: number }>) => {
    if (data.kind !== 'kept') return;
    const finished = data.done === data.of;
    status.textContent = !finished ? `Сохранено файлов: ${data.done} из ${data.of}`
      : data.failed > 0 ? `Не всё сохранилось: файлов не хватает ${data.failed}. Попробуйте ещё раз.` : 'Готово: курс можно читать без сети.';
    if (finished) button.disabled = data.failed === 0;
  });
}
export {};
