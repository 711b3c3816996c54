// Equal toasts are shown once: all panels share one photo, so Gradio reports a failed upload once for each panel.
new MutationObserver(() => {
  const seenTexts = new Set();
  for (const text of document.querySelectorAll('[data-testid=toast-text]')) {
    text.parentElement.style.display = seenTexts.has(text.textContent) ? 'none' : '';
    seenTexts.add(text.textContent);
  }
}).observe(document, {childList: true, subtree: true});

// Translates the texts that Gradio has in English only. In the header, each `data-gradio` is a pattern, and the text of its
// element is the translation. The translated element keeps the English text in its own `data-gradio`, for selectors.
{
  let translations = null;
  const readTranslations = () => [...document.getElementById('photo-words')?.content.querySelectorAll('[data-gradio]') ?? []]
    .filter(element => element.dataset.gradio !== element.textContent)
    .map(element => [RegExp(`^\\s*${element.dataset.gradio}\\s*$`), element.textContent]);
  const findTranslation = text => {
    const match = text && translations.find(([pattern]) => pattern.test(text));
    const translation = match ? text.replace(...match) : text;
    return translation === text ? null : translation;
  };
  const translateElement = element => {
    for (const name of ['aria-label', 'title']) {
      const text = element.getAttribute(name), translation = findTranslation(text);
      if (translation === null) continue;
      element.dataset.gradio = text;
      element.setAttribute(name, translation);
    }
    for (const node of element.childNodes) {
      const translation = node.nodeType === Node.TEXT_NODE ? findTranslation(node.data) : null;
      if (translation === null) continue;
      element.dataset.gradio = node.data.trim();
      node.data = translation;
    }
  };
  const translateTree = root => {
    translateElement(root);
    root.querySelectorAll('[aria-label], [title], .wrap, label, span').forEach(translateElement);
  };
  new MutationObserver((changes, observer) => {
    if (!translations) {
      if (!document.getElementById('photo-words')) return;
      translations = readTranslations();
      if (!translations.length) return observer.disconnect();
      return translateTree(document.body);
    }
    for (const {type, target, addedNodes} of changes) {
      if (type === 'attributes') translateElement(target);
      for (const node of addedNodes) if (node.nodeType === Node.ELEMENT_NODE) translateTree(node);
    }
  }).observe(document, {childList: true, subtree: true, attributes: true, attributeFilter: ['aria-label', 'title']});
}
