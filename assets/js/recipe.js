// The recipe's list of steps. It lives in a hidden field as text: what a button does to it is done here, at once, so that
// quick clicks add up. The server checks it and draws the list anew.
const recipeField = () => document.querySelector('#recipe-listed textarea');
const writeRecipe = text => {
  const field = recipeField();
  field.value = text;
  field.dispatchEvent(new Event('input', {bubbles: true}));
};

// Where the focus belongs once the list is drawn anew: a button that is pressed by keyboard stays under the finger.
let recipeFocus = null;
const refocus = () => {
  const list = document.getElementById('recipe-list');
  if (!recipeFocus || !list || document.activeElement !== document.body) return;
  const rows = list.querySelectorAll('[data-step]');
  const row = rows[Math.min(recipeFocus.place, rows.length - 1)];
  const found = row?.querySelector(`[data-act=${recipeFocus.act}]:not(:disabled)`) ?? (row ?? list).querySelector('[data-act]');
  found?.focus({preventScroll: true});
};
let recipeWatch = null;
const changeRecipe = (act, place) => {
  const recipe = JSON.parse(recipeField().value), {steps} = recipe;
  const to = {up: place - 1, down: place + 1}[act] ?? place;
  if (!steps[place] || !steps[to]) return;
  if (act === 'toggle') steps[place].on = !steps[place].on;
  else if (act === 'remove') steps.splice(place, 1);
  else [steps[place], steps[to]] = [steps[to], steps[place]];
  recipeFocus = {act, place: to};
  recipeWatch ??= new MutationObserver(refocus);
  recipeWatch.observe(document.getElementById('recipe-list'), {childList: true, subtree: true});
  writeRecipe(JSON.stringify(recipe, null, 2));
};
document.addEventListener('click', event => {
  const button = event.target.closest?.('#recipe-list button[data-act]');
  if (!button) return;
  if (button.dataset.act === 'example') writeRecipe(button.dataset.recipe);
  else changeRecipe(button.dataset.act, Number(button.closest('[data-step]').dataset.step));
});
document.addEventListener('change', event => {
  if (event.target.matches?.('#recipe-list input[data-act=toggle]'))
    changeRecipe('toggle', Number(event.target.closest('[data-step]').dataset.step));
});
document.addEventListener('focusin', event => {
  if (!event.target.closest('#recipe-list')) recipeFocus = null;
});

// Settings only, so that a file of them is made and read in the browser; the server sees the text, and checks it.
window.saveRecipe = text => {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], {type: 'application/json'}));
  link.download = 'recipe.json';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  return [];
};
window.chooseRecipe = most => {
  const input = document.createElement('input');
  input.type = 'file';
  input.accept = '.json,application/json';
  input.addEventListener('change', async () => {
    window.recipeText = await input.files[0].slice(0, most + 1).text(); // one byte too many is enough to be refused
    document.getElementById('recipe-loaded').click();
  });
  input.click();
  return [];
};

// A step's result, or the whole, comes into view.
document.addEventListener('click', event => {
  const tile = event.target.closest?.('.strip button[data-view]');
  if (!tile) return;
  for (const other of tile.parentElement.children) other.setAttribute('aria-pressed', other === tile);
  for (const view of tile.closest('.course').querySelectorAll('.view')) view.hidden = view.dataset.view !== tile.dataset.view;
});
