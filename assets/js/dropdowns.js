// Gradio's dropdowns and galleries.

// The text of a dropdown is selected on focus, so that typing searches instead of editing the chosen entry.
document.addEventListener('focusin', event => {
  if (event.target.matches('input[role=combobox], input[role=listbox]')) setTimeout(() => event.target.select());
});

// Gradio filters the entries on keydown. Text from an input method or the clipboard arrives after that, or without it.
document.addEventListener('input', event => {
  if (event.target.matches('input[role=combobox]'))
    setTimeout(() => event.target.dispatchEvent(new KeyboardEvent('keydown', {key: 'Process', bubbles: true})));
});

// In some browsers, a list that scrolls is a stop of the Tab key. It disappears when the focus leaves its field.
document.addEventListener('keydown', event => {
  if (event.key === 'Tab' && event.target.matches('input[role=combobox], input[role=listbox]'))
    for (const list of document.querySelectorAll('ul[role=listbox]')) list.tabIndex = -1;
});

// The accessible name of a template's picture is the template's name, not a number.
new MutationObserver(() => {
  for (const tile of document.querySelectorAll('.template-gallery .thumbnail-item')) {
    const name = tile.querySelector('.caption-label')?.textContent.trim();
    if (name && tile.ariaLabel !== name) tile.ariaLabel = name;
  }
}).observe(document, {childList: true, subtree: true, characterData: true});
