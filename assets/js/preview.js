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

// A panel's photo or controls may have changed, or it was opened: the server draws what shows them, once for each photo
// and values. A closed panel waits until it is opened, without the photo of before. Returns whether consent holds.
const drawnPhotos = {}, drawnPreviews = {}; // panel → path of the photo; key of photo and values
const redraw = async id => (await window.waitFor(() => document.getElementById(id)?.redraw))?.(); // Gradio is about to mount it
const PHOTO_PARTS = ['check', 'template-id-gallery', 'sheet'];
window.updatePanel = (slug, screen, settings, photo, consent, ...values) => {
  const column = resultColumnOf(document.getElementById(`${slug}-stage`)), open = Boolean(column?.offsetParent);
  const isOther = window.recordPhoto(screen, photo), path = photo?.path ?? '';
  if (open) window.writeDeepLink(slug, settings, values);
  if (path !== (drawnPhotos[slug] ?? '') && (open || drawnPhotos[slug])) {
    drawnPhotos[slug] = open ? path : '';
    for (const id of PHOTO_PARTS.map(part => `${slug}-${part}`)) if (document.getElementById(id)) redraw(id);
  }
  drawPreview(slug, column, open, photo, isOther, values);
  return window.isSamePhoto(slug, photo) && consent;
};
const drawPreview = (slug, column, open, photo, isOther, values) => {
  const key = photo ? JSON.stringify([photo.path, ...values]) : '';
  if ((photo && !open) || key === (drawnPreviews[slug] ?? '')) return;
  drawnPreviews[slug] = key;
  const refusal = isOther && column?.querySelector('[id$=-stage] .failure'); // it was about the photo before
  if ((photo || refusal) && column?.dataset.touched) setView(column, 'preview');
  column?.querySelector('.preview')?.toggleAttribute('data-stale', true);
  if (column) redraw(`${slug}-preview`);
};
// While one preview is drawn, the next one waits: what comes then is not yet what was asked for last.
const sentPreviews = {}; // panel → key of the preview that is being drawn
window.sendPreview = (slug, values) => {
  sentPreviews[slug] = drawnPreviews[slug];
  return values;
};
window.markPreviewCurrent = slug => {
  if (sentPreviews[slug] === drawnPreviews[slug]) document.getElementById(`${slug}-preview`)?.removeAttribute('data-stale');
};

document.addEventListener('click', ({target}) => {
  if (!target.closest?.(':is(.inputs-column, .result-column) :is(.run, .both, .result-actions button, .last-result)')) return;
  const column = resultColumnOf(target);
  column.dataset.touched = '';
  setView(column, 'result');
  if (innerWidth >= 1024 || !target.closest('.run, .both')) return;
  followedColumns.add(column);
  window.scrollToElement(column);
}, true);

// The failure lab has no preview: a result of another photo, endpoint or fault is dimmed.
let labSettings, settingsOfLabResult;
window.labSettingsChanged = settings => {
  labSettings = JSON.stringify(settings.map(value => value?.path ?? value));
  document.getElementById('failure-lab-stage')?.toggleAttribute('data-stale', (settingsOfLabResult ?? labSettings) !== labSettings);
};
window.labRunStarts = values => {
  settingsOfLabResult = undefined;
  window.labSettingsChanged(values.slice(0, 3));
  settingsOfLabResult = labSettings;
  return values;
};
window.recipeChanged = (boxes, photo, recipe, ...consents) => {
  const column = resultColumnOf(document.getElementById('recipe-stage'));
  drawPreview('recipe', column, Boolean(column?.offsetParent), photo, window.recordPhoto('recipe', photo), [recipe]);
  return consents.map((consent, at) => window.isSamePhoto(boxes[at], photo) && consent);
};

// A run that began elsewhere, as in the history, or that was overtaken by a change ends in view. On a phone the page goes
// to the progress, and again to the result, below which there may be more room.
const followedColumns = new Set(); // those in which a run was started that has not ended
new MutationObserver(changes => {
  for (const {target, addedNodes} of changes) {
    if (target.nodeType !== 1 || target.closest('.preview')) continue;
    const elements = [...addedNodes].filter(node => node.nodeType === 1), column = target.closest('.result-column');
    const stage = elements.map(element => element.matches('.stage') ? element : element.querySelector('.stage')).find(found => found);
    if (!stage || stage.matches('.example')) continue;
    setView(column, 'result');
    if (!stage.matches('.progress') && followedColumns.delete(column)) window.scrollToElement(column);
  }
}).observe(document, {childList: true, subtree: true});
