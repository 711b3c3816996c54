// The recipe's list of steps. It lives in a hidden field as text: what a button does to it is done here, at once, so that
// quick clicks add up. The server checks it and draws the list anew.
const recipeField = () => document.querySelector('#recipe-listed textarea');
const writeRecipe = text => {
  const field = recipeField();
  field.value = text;
  field.dispatchEvent(new Event('input', {bubbles: true}));
};

// A reload leaves the list as it was; another tab, and the next person on a stage, begin with the example.
window.keepRecipe = text => {
  try {
    sessionStorage.recipe = text;
  } catch { /* storage is denied in some frames, or full */ }
  return text;
};
window.keptRecipe = () => {
  try {
    return sessionStorage.recipe;
  } catch {
    return undefined;
  }
};

// Where the focus belongs once the list is drawn anew: what is moved by keyboard takes the focus along.
let recipeFocus = null;
const refocus = () => {
  const list = document.getElementById('recipe-list');
  if (!recipeFocus || !list) return;
  const {act, place} = recipeFocus, rows = list.querySelectorAll('[data-step]');
  const row = rows[Math.min(place, rows.length - 1)] ?? list;
  const found = row.querySelector(`[data-act=${act}]:not(:disabled)`) ?? row.querySelector('[data-act]');
  if (found === document.activeElement) return;
  found?.focus({preventScroll: true});
  recipeFocus = {act, place}; // which the focus has just taken away
};
document.addEventListener('focusin', () => { recipeFocus = null; });
const recipeWatch = new MutationObserver(refocus);
const changeRecipe = (act, place) => {
  const recipe = JSON.parse(recipeField().value), {steps} = recipe;
  const to = {up: place - 1, down: place + 1}[act] ?? place;
  if (!steps[place] || !steps[to]) return;
  if (act === 'toggle') steps[place].on = !steps[place].on;
  else if (act === 'remove') steps.splice(place, 1);
  else [steps[place], steps[to]] = [steps[to], steps[place]];
  recipeFocus = {act, place: to};
  recipeWatch.observe(document.getElementById('recipe-list'), {childList: true, subtree: true, attributes: true});
  writeRecipe(JSON.stringify(recipe, null, 2));
};
document.addEventListener('click', event => {
  const button = event.target.closest?.('#recipe-list button[data-act]');
  if (!button) return;
  if (button.dataset.act === 'example') writeRecipe(button.dataset.recipe);
  else changeRecipe(button.dataset.act, Number(button.closest('[data-step]').dataset.step));
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

// A button below a failure presses the screen's own.
document.addEventListener('click', event => {
  const button = event.target.closest?.('[data-press]');
  if (button) document.getElementById(button.dataset.press)?.click();
});
