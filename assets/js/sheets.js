// A click on a cell of a contact sheet sets the panel's controls to what the cell shows.

window.chooseCell = values => {
  const chosenValues = JSON.parse(window.clickedAction);
  return values.map((value, index) => chosenValues[index] ?? value);
};

// A cell is marked while the controls are set to what it shows.
window.markCells = (panel, values) => {
  const isSame = (shown, value) => shown === null || shown === value || Math.abs(shown - value) < 1e-6;
  for (const cell of document.querySelectorAll(`#${panel}-sheet .sheet button`))
    cell.ariaPressed = JSON.parse(cell.dataset.action).every((shown, index) => isSame(shown, values[index]));
};

document.addEventListener('click', event => {
  const cell = event.target.closest?.('.sheet button');
  if (cell) {
    const {slug} = cell.closest('.sheet').dataset;
    // By mouse or finger, the page goes to the preview. By keyboard it stays where the focus is.
    const column = document.getElementById(`${slug}-stage`)?.closest('.result-column');
    if (event.detail && column) window.scrollToElement(window.innerWidth < 1024 ? column : column.parentElement);
  }
});

// A sheet that has been asked for comes into view as soon as its places are there.
document.addEventListener('click', event => {
  const button = event.target.closest?.('.see');
  const place = button && document.getElementById(button.id.replace(/-see-\w+$/, '-sheet'));
  if (!place) return;
  place.querySelector('.sheet, .sheet-message')?.setAttribute('data-old', '');
  const watch = new MutationObserver(() => {
    const found = place.querySelector(':is(.sheet, .sheet-message):not([data-old])');
    if (!found) return;
    watch.disconnect();
    window.scrollToElement(found, found.offsetHeight < innerHeight ? 'nearest' : 'start');
  });
  watch.observe(place, {childList: true, subtree: true});
});
