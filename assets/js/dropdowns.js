// Gradio's lists.

// A list's text is selected when it is entered: typing then looks for another entry instead of spoiling this one.
document.addEventListener('focusin', event => {
  if (event.target.matches('input[role=combobox], input[role=listbox]')) setTimeout(() => event.target.select());
});

// It looks for entries when a key goes down. What an input method or a paste puts in comes after that, or without.
document.addEventListener('input', event => {
  if (event.target.matches('input[role=combobox]'))
    setTimeout(() => event.target.dispatchEvent(new KeyboardEvent('keydown', {key: 'Process', bubbles: true})));
});

// One that scrolls is itself a stop of the Tab key, in some browsers, and gone as soon as the key has left its field.
document.addEventListener('keydown', event => {
  if (event.key === 'Tab' && event.target.matches('input[role=combobox], input[role=listbox]'))
    for (const list of document.querySelectorAll('ul[role=listbox]')) list.tabIndex = -1;
});

// A template's picture has its name for one, not its number.
new MutationObserver(() => {
  for (const tile of document.querySelectorAll('.template-gallery .thumbnail-item')) {
    const name = tile.querySelector('.caption-label')?.textContent.trim();
    if (name && tile.ariaLabel !== name) tile.ariaLabel = name;
  }
}).observe(document, {childList: true, subtree: true, characterData: true});
