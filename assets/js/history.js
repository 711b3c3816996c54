// The history's list holds the state: which run is selected, and which one is compared with it.
const findSelectedRun = () => document.querySelector('#history-list [data-run][aria-current]');
window.readSelection = () => [
  findSelectedRun()?.dataset.run ?? '',
  document.querySelector('#history-list [data-put][aria-pressed=true]')?.dataset.put ?? '',
];

// Mark the run to compare with; a key that is no run's is passed on, and marks none.
window.compareWith = key => {
  for (const button of document.querySelectorAll('#history-list [data-put]'))
    button.setAttribute('aria-pressed', button.dataset.put === key);
  return [window.readSelection()[0], key];
};

document.addEventListener('click', event => {
  const run = event.target.closest?.('#history-list [data-run]'), compare = event.target.closest?.('#history-list [data-put]');
  if (!run && !compare) return;
  if (run) {
    findSelectedRun()?.removeAttribute('aria-current');
    run.setAttribute('aria-current', 'true');
  }
  window.compareWith(compare?.getAttribute('aria-pressed') === 'false' ? compare.dataset.put : '');
  document.getElementById('history-choose')?.click();
  if (innerWidth < 768) window.scrollToElement(document.getElementById('history-stage'));
});

// Open the selected run's panel, and wait until it is shown.
let openedRun = {};
window.openRunPanel = async () => {
  const selection = window.readSelection();
  openedRun = {...findSelectedRun()?.dataset};
  await window.openTab(openedRun.opens);
  await window.waitFor(() => document.getElementById(`${openedRun.opens}-run`)?.offsetParent, 2000);
  return selection;
};

// The panel has the run's values now; the person presses its button.
window.focusRunButton = () => {
  const button = document.getElementById(`${openedRun.opens}-run`);
  button?.focus({preventScroll: true});
  button?.scrollIntoView({block: 'nearest'});
};

// A free run with a photo starts at once. It starts by the button that always uses the offline engine, so it is never paid.
window.repeatRun = () => {
  const hasPhoto = document.querySelector(`#${openedRun.opens}-photo img[src*="/file="]`);
  if (openedRun.free !== 'true' || !hasPhoto) return window.focusRunButton();
  document.getElementById(`${openedRun.opens}-offline`)?.click();
  if (innerWidth < 768) window.scrollToElement(document.getElementById(`${openedRun.opens}-stage`));
};
