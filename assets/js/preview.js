// A panel shows its preview after a person has changed the photo or a control, and its result after a run.

const resultColumnOf = element => element?.closest('.inputs-column, .result-column')?.parentElement.querySelector('.result-column');
const setView = (column, view) => { if (column) column.dataset.view = view; };

// Gradio reports changes late, after a click on the run button, and also those that no person made: only what follows a
// touch of the panel's controls shows the preview. Where there is no result yet, the style sheet shows it in any case.
window.markPanelTouched = element => {
  const column = resultColumnOf(element);
  if (column) column.dataset.touched = 'yes';
};
for (const name of ['pointerdown', 'keydown', 'drop', 'paste'])
  document.addEventListener(name, ({target, key}) => {
    if (['Tab', 'Shift', 'Control', 'Alt', 'Meta'].includes(key)) return; // the focus moves on, nothing changes
    const sheet = target.closest?.('.sheet'), controls = target.closest?.('.inputs-column');
    const column = resultColumnOf(sheet ? document.getElementById(`${sheet.dataset.slug}-stage`) : controls);
    if (column) column.dataset.touched = target.closest('.run, .both') ? '' : 'yes';
  }, true);

// A panel's photo or controls may have changed, or it was opened: returns what the preview is to show, as a key. The
// server draws it when the key changes. A closed panel waits until it is opened, unless its photo was taken away.
const previewKeys = {};
window.updatePreviewKey = (slug, screen, settings, photo, values) => {
  const column = resultColumnOf(document.getElementById(`${slug}-stage`)), open = Boolean(column?.offsetParent);
  const isOther = window.recordPhoto(screen, photo);
  if (open) window.writeDeepLink(slug, settings, values);
  const key = photo ? JSON.stringify([photo.path, ...values]) : '';
  if ((photo && !open) || key === (previewKeys[slug] ?? '')) return previewKeys[slug] ?? '';
  previewKeys[slug] = key;
  const refusal = isOther && column?.querySelector('[id$=-stage] .failure'); // it was about the photo before
  if ((photo || refusal) && column?.dataset.touched) setView(column, 'preview');
  column?.querySelector('.preview')?.toggleAttribute('data-stale', true);
  return key;
};
window.markPreviewCurrent = slug => document.getElementById(`${slug}-preview`)?.removeAttribute('data-stale');

document.addEventListener('click', ({target}) => {
  if (!target.closest?.(':is(.inputs-column, .result-column) :is(.run, .both, .result-actions button, .last-result)')) return;
  const column = resultColumnOf(target);
  column.dataset.touched = '';
  setView(column, 'result');
}, true);

// A run that began elsewhere, as in the history, or that was overtaken by a change ends in view.
new MutationObserver(changes => {
  for (const {target, addedNodes} of changes)
    if (target.nodeType === 1 && !target.closest('.preview') && [...addedNodes].some(node =>
      node.nodeType === 1 && (node.matches('.stage:not(.example)') || node.querySelector('.stage:not(.example)'))))
      setView(target.closest('.result-column'), 'result');
}).observe(document, {childList: true, subtree: true});
