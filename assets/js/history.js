// The history: which run is chosen, and which is put beside it, stands in the list itself.
const runChosen = () => document.querySelector('#history-list [data-run][aria-current]');
window.runsChosen = () => [
  runChosen()?.dataset.run ?? '',
  document.querySelector('#history-list [data-put][aria-pressed=true]')?.dataset.put ?? '',
];

// Marks the run beside the chosen one; a word that is no run's is handed on, and marks none.
window.putBeside = key => {
  for (const put of document.querySelectorAll('#history-list [data-put]'))
    put.setAttribute('aria-pressed', put.dataset.put === key);
  return [window.runsChosen()[0], key];
};

document.addEventListener('click', event => {
  const run = event.target.closest?.('#history-list [data-run]'), put = event.target.closest?.('#history-list [data-put]');
  if (!run && !put) return;
  if (run) {
    runChosen()?.removeAttribute('aria-current');
    run.setAttribute('aria-current', 'true');
  }
  window.putBeside(put?.getAttribute('aria-pressed') === 'false' ? put.dataset.put : '');
  document.getElementById('history-choose')?.click();
  if (innerWidth < 768) window.glideTo(document.getElementById('history-stage'));
});

// Opens the chosen run's panel and waits until it is there.
let again = {};
window.openItsPanel = async () => {
  const chosen = window.runsChosen();
  again = {...runChosen()?.dataset};
  await window.openTab(again.opens);
  await window.waitFor(() => document.getElementById(`${again.opens}-run`)?.offsetParent, 2000);
  return chosen;
};

// The panel has the run's values now. Its button is the person's to press.
window.openRun = () => {
  const run = document.getElementById(`${again.opens}-run`);
  run?.focus({preventScroll: true});
  run?.scrollIntoView({block: 'nearest'});
};

// A free run needs no second click, if a photo is there. It goes by the button that always takes the offline engine, so
// that it can never be a paid one.
window.rerunRun = () => {
  if (again.free !== 'true' || !document.querySelector(`#${again.opens}-photo img[src*="/file="]`)) return window.openRun();
  document.getElementById(`${again.opens}-offline`)?.click();
  if (innerWidth < 768) window.glideTo(document.getElementById(`${again.opens}-stage`));
};
