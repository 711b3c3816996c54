// The history's list holds the state: which run is selected, and which one is compared with it.
const findSelectedRun = () => document.querySelector('#history-list [data-run][aria-current]');
window.readSelection = () => [
  findSelectedRun()?.dataset.run ?? '',
  document.querySelector('#history-list [data-put][aria-pressed=true]')?.dataset.put ?? '',
];

// Mark the run to compare with; a key that is no run's is passed on, and marks none.
const compareWith = key => {
  for (const button of document.querySelectorAll('#history-list [data-put]'))
    button.setAttribute('aria-pressed', button.dataset.put === key);
  return [window.readSelection()[0], key];
};
// The runs to show: the selection, or after a click on a button below the stage what that says.
window.chooseView = latestKey => {
  const key = {put: latestKey, single: ''}[window.clickedAction];
  return key === undefined ? window.readSelection() : compareWith(key);
};

document.addEventListener('click', event => {
  const run = event.target.closest?.('#history-list [data-run]'), compare = event.target.closest?.('#history-list [data-put]');
  if (!run && !compare) return;
  if (run) {
    findSelectedRun()?.removeAttribute('aria-current');
    run.setAttribute('aria-current', 'true');
  }
  compareWith(compare?.getAttribute('aria-pressed') === 'false' ? compare.dataset.put : '');
  window.clickedAction = '';
  document.getElementById('history-list').redraw();
  if (innerWidth < 1024) window.scrollToElement(document.getElementById('history-stage'));
});

// Open the selected run's panel, and wait until it is shown.
let openedRun = {};
window.openRunPanel = async () => {
  const selection = window.readSelection();
  openedRun = {...findSelectedRun()?.dataset, action: window.clickedAction};
  await window.openTab(openedRun.opens);
  await window.waitFor(() => document.getElementById(`${openedRun.opens}-run`)?.offsetParent, 2000);
  return selection;
};

// The panel has the run's values now; the person presses its button.
const focusRunButton = () => {
  const button = document.getElementById(`${openedRun.opens}-run`);
  button?.focus({preventScroll: true});
  button?.scrollIntoView({block: 'nearest'});
};

// When a run is to be repeated, a free one with a photo starts at once. It starts by the button that always uses the offline engine, so it is never paid.
window.runPanelFilled = () => {
  const hasPhoto = document.querySelector(`#${openedRun.opens}-photo img[src*="/file="]`);
  if (openedRun.action !== 'rerun' || openedRun.free !== 'true' || !hasPhoto) return focusRunButton();
  document.getElementById(`${openedRun.opens}-offline`)?.click();
  if (innerWidth < 1024) window.scrollToElement(document.getElementById(`${openedRun.opens}-stage`));
};
