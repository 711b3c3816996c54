// The inspector's programs: a button copies the text of its neighbour. Where the clipboard is denied (http, some
// frames), the text is selected, and a key press away from being copied.
document.addEventListener('click', async event => {
  const button = event.target.closest?.('button[data-copy]');
  const text = button?.parentElement.querySelector('pre');
  if (!text) return;
  try {
    await navigator.clipboard.writeText(text.textContent);
  } catch {
    getSelection().selectAllChildren(text);
    if (!document.execCommand('copy')) return;
  }
  const label = button.dataset.label ??= button.textContent;
  button.textContent = button.dataset.copied;
  setTimeout(() => button.textContent = label, 2000);
});

// "Get code", beside the download, leads to the programs of the call that made this result.
document.addEventListener('click', event => {
  const button = event.target.closest?.('.get-code');
  const inspector = button?.closest('.view, .side, [id$=-stage]').querySelector('.inspector');
  if (!inspector) return;
  inspector.open = true;
  const program = inspector.querySelector('.program');
  program.open = true;
  window.scrollToElement(program.closest('section'));
  program.querySelector('summary').focus({preventScroll: true});
});
