// The recipe's list of steps. It is JSON text in a hidden field, and buttons change it here, so that no quick click is lost.
// The server validates it and renders the list again.
const recipeField = () => document.querySelector('#recipe-listed textarea');
const writeRecipe = text => {
  const field = recipeField();
  field.value = text;
  field.dispatchEvent(new Event('input', {bubbles: true}));
};

// A reload keeps the list; a new tab, and the next visitor in kiosk mode, start with the example.
window.storeRecipe = text => {
  try {
    sessionStorage.recipe = text;
  } catch { /* storage is denied in some frames, or full */ }
  return text;
};
window.loadRecipe = () => {
  try {
    return sessionStorage.recipe;
  } catch {
    return undefined;
  }
};

// The control to focus after the list is rendered again: the focus follows a step that is moved by keyboard.
let recipeFocus = null; // {act, place}
const restoreRecipeFocus = () => {
  const list = document.getElementById('recipe-list');
  if (!recipeFocus || !list) return;
  const {act, place} = recipeFocus, rows = list.querySelectorAll('[data-step]');
  const row = rows[Math.min(place, rows.length - 1)] ?? list;
  const found = row.querySelector(`[data-act=${act}]:not(:disabled)`) ?? row.querySelector('[data-act]');
  if (found === document.activeElement) return;
  found?.focus({preventScroll: true});
  recipeFocus = {act, place}; // focusin, just above, has cleared it
};
document.addEventListener('focusin', () => { recipeFocus = null; });
const recipeObserver = new MutationObserver(restoreRecipeFocus);
const changeRecipe = (act, place) => {
  const recipe = JSON.parse(recipeField().value), {steps} = recipe;
  const to = {up: place - 1, down: place + 1}[act] ?? place;
  if (!steps[place] || !steps[to]) return;
  if (act === 'toggle') steps[place].on = !steps[place].on;
  else if (act === 'remove') steps.splice(place, 1);
  else [steps[place], steps[to]] = [steps[to], steps[place]];
  recipeFocus = {act, place: to};
  recipeObserver.observe(document.getElementById('recipe-list'), {childList: true, subtree: true, attributes: true});
  writeRecipe(JSON.stringify(recipe, null, 2));
};
document.addEventListener('click', event => {
  const button = event.target.closest?.('#recipe-list button[data-act]');
  if (!button) return;
  if (button.dataset.act === 'example') writeRecipe(button.dataset.recipe);
  else changeRecipe(button.dataset.act, Number(button.closest('[data-step]').dataset.step));
});

// A recipe holds settings only, so the browser writes and reads its file; the server validates the text.
window.saveRecipe = text => {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], {type: 'application/json'}));
  link.download = 'recipe.json';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  return [];
};
window.openRecipeFile = maxBytes => {
  const input = document.createElement('input');
  input.type = 'file';
  input.accept = '.json,application/json';
  input.addEventListener('change', async () => {
    window.recipeText = await input.files[0].slice(0, maxBytes + 1).text(); // one byte too many: the server refuses it
    document.getElementById('recipe-loaded').click();
  });
  input.click();
  return [];
};

// Show the result of a step, or of the whole recipe.
document.addEventListener('click', event => {
  const tile = event.target.closest?.('.strip button[data-view]');
  if (!tile) return;
  for (const other of tile.parentElement.children) other.setAttribute('aria-pressed', other === tile);
  for (const view of tile.closest('.recipe-result').querySelectorAll('.view')) view.hidden = view.dataset.view !== tile.dataset.view;
});

// A button below a failure clicks another button of the screen.
document.addEventListener('click', event => {
  const button = event.target.closest?.('[data-press]');
  if (button) document.getElementById(button.dataset.press)?.click();
});
