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
