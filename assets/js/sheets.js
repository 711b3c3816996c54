// Everything at once: a choice on a sheet sets the panel's controls.

let chosenCell = null;
window.chooseCell = values => values.map((value, at) => at === chosenCell?.at ? chosenCell.value : value);

// And it shows what they are set to, however they came to it.
window.markCells = (panel, values) => {
  const sheet = document.querySelector(`#${panel}-sheet .sheet`);
  const same = (one, other) => one === other || Math.abs(one - other) < 1e-6;
  for (const cell of sheet?.querySelectorAll('button') ?? [])
    cell.ariaPressed = same(JSON.parse(cell.dataset.value), values[sheet.dataset.at]);
};

document.addEventListener('click', event => {
  const cell = event.target.closest?.('.sheet button');
  if (cell) {
    const {slug, at} = cell.closest('.sheet').dataset;
    chosenCell = {at: Number(at), value: JSON.parse(cell.dataset.value)};
    document.getElementById(`${slug}-choose`)?.click();
    // By mouse or finger, the page goes back to the controls. By keyboard it stays where the focus is.
    if (event.detail) scrollTo_(document.getElementById(`${slug}-see-${cell.closest('.sheet').classList[1]}`), 'center');
  }
});

// A sheet that has been asked for comes into view as soon as its places are there.
const scrollTo_ = (element, block) => element?.scrollIntoView({
  block, behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth'});
document.addEventListener('click', event => {
  const button = event.target.closest?.('.see');
  const place = button && document.getElementById(button.id.replace(/-see-\w+$/, '-sheet'));
  if (!place) return;
  place.querySelector('.sheet, .sheet-told')?.setAttribute('data-old', '');
  const watch = new MutationObserver(() => {
    const found = place.querySelector(':is(.sheet, .sheet-told):not([data-old])');
    if (!found) return;
    watch.disconnect();
    scrollTo_(found, found.offsetHeight < innerHeight ? 'nearest' : 'start');
  });
  watch.observe(place, {childList: true, subtree: true});
});
