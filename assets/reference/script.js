// The reference page's search: shows the shapes and codes that hold every word, and tells how many.
const form = document.querySelector('form[role=search]');
const field = form.elements.q;
const status = form.querySelector('[role=status]');
const plain = text => text.normalize('NFKC').toLowerCase();
const texts = new Map([...document.querySelectorAll('[data-hit], .case')].map(box =>
  [box, plain(`${box.textContent} ${box.dataset.slug ?? ''} ${box.id}`)]));
const other = document.getElementById('other');
const away = other.search;

const search = () => {
  const words = plain(field.value).split(/\s+/).filter(Boolean);
  // A number is meant from its first digit on: 20003 is not in 220003.
  const holds = (text, word) => text.split(word).slice(0, -1).some(before => !/^\d/.test(word) || !/\d$/.test(before));
  const fits = text => words.every(word => holds(text, word));
  let shapes = 0, codes = 0;
  for (const box of document.querySelectorAll('.tile')) {
    const shown = fits(texts.get(box));
    box.classList.toggle('gone', !shown);
    shapes += shown;
  }
  for (const box of document.querySelectorAll('.case')) {
    const items = [...box.querySelectorAll('[data-hit]')];
    const own = items.filter(item => fits(texts.get(item)));
    const shown = own.length ? own : fits(texts.get(box)) ? items : []; // by its words, all codes that have them
    for (const item of items) item.classList.toggle('gone', !shown.includes(item));
    box.classList.toggle('gone', !shown.length);
    codes += shown.length;
  }
  for (const group of document.querySelectorAll('.group, main > section'))
    group.classList.toggle('gone', words.length > 0 && !group.querySelector('[data-hit]:not(.gone)'));
  const {found, nothing} = status.dataset;
  status.textContent = !words.length ? '' : shapes + codes
    ? found.replace('{shapes}', shapes).replace('{codes}', codes)
    : nothing.replace('{query}', () => field.value.trim());
};

// The address follows, so that a search can be sent on or read in the other language.
const remember = () => {
  const query = new URLSearchParams(location.search);
  const to = new URLSearchParams(away);
  for (const address of [query, to]) field.value ? address.set('q', field.value) : address.delete('q');
  history.replaceState(null, '', `?${query}`.replace(/\?$/, location.pathname) + location.hash);
  other.search = to;
};

form.hidden = false;
field.value = new URLSearchParams(location.search).get('q') ?? '';
search();
remember();
field.addEventListener('input', () => { search(); remember(); });
form.addEventListener('submit', event => event.preventDefault());
// A link to something that the search has hidden shows everything again.
addEventListener('hashchange', () => {
  if (!document.querySelector(':target')?.closest('.gone')) return;
  field.value = '';
  search();
  remember();
  document.querySelector(':target').scrollIntoView();
});
