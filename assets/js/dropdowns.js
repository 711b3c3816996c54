// Gradio's dropdowns, and the pictures of templates.

// The text of a dropdown is selected on focus, so that typing searches instead of editing the chosen entry.
document.addEventListener('focusin', event => {
  if (event.target.matches('input[role=combobox], input[role=listbox]')) setTimeout(() => event.target.select());
});

// Gradio filters the entries on keydown. Text from an input method or the clipboard arrives after that, or without it.
document.addEventListener('input', event => {
  if (event.target.matches('input[role=combobox]'))
    setTimeout(() => event.target.dispatchEvent(new KeyboardEvent('keydown', {key: 'Process', bubbles: true})));
});

// A list opens at its chosen entry; Gradio's own way there misses it in a list that opens upward.
document.addEventListener('focusin', async event => {
  if (!event.target.matches('input[role=combobox]')) return;
  const entry = await window.waitFor(() => document.querySelector('ul[role=listbox] [aria-selected=true]'), 1000);
  setTimeout(() => entry?.parentElement.scrollTo({top: entry.offsetTop - entry.parentElement.clientHeight / 2, behavior: 'instant'}));
});

// In some browsers, a list that scrolls is a stop of the Tab key. It disappears when the focus leaves its field.
document.addEventListener('keydown', event => {
  if (event.key === 'Tab' && event.target.matches('input[role=combobox], input[role=listbox]'))
    for (const list of document.querySelectorAll('ul[role=listbox]')) list.tabIndex = -1;
});

// The picture of the chosen template is pressed.
window.markTemplate = (id, key) => {
  for (const tile of document.querySelectorAll(`#${id}-gallery button`)) tile.ariaPressed = tile.dataset.action === key;
};
