// One message for one trouble: all panels share a photo, so Gradio reports one upload that failed once for each.
new MutationObserver(() => {
  const told = new Set();
  for (const text of document.querySelectorAll('[data-testid=toast-text]')) {
    text.parentElement.style.display = told.has(text.textContent) ? 'none' : '';
    told.add(text.textContent);
  }
}).observe(document, {childList: true, subtree: true});

// Words that Gradio has in English only become the page's: each `data-gradio` in the header is a pattern, its text what
// stands there instead. The English words stay in `data-gradio` of the element, for whoever looks for it.
{
  let words = null;
  const readWords = () => [...document.getElementById('photo-words')?.content.querySelectorAll('[data-gradio]') ?? []]
    .filter(word => word.dataset.gradio !== word.textContent)
    .map(word => [RegExp(`^\\s*${word.dataset.gradio}\\s*$`), word.textContent]);
  const translated = text => {
    const found = text && words.find(([pattern]) => pattern.test(text));
    const other = found ? text.replace(...found) : text;
    return other === text ? null : other;
  };
  const translate = element => {
    for (const name of ['aria-label', 'title']) {
      const said = element.getAttribute(name), text = translated(said);
      if (text === null) continue;
      element.dataset.gradio = said;
      element.setAttribute(name, text);
    }
    for (const node of element.childNodes) {
      const text = node.nodeType === Node.TEXT_NODE ? translated(node.data) : null;
      if (text === null) continue;
      element.dataset.gradio = node.data.trim();
      node.data = text;
    }
  };
  const translateWithin = root => {
    translate(root);
    root.querySelectorAll('[aria-label], [title], .wrap, label, span').forEach(translate);
  };
  new MutationObserver((changes, watch) => {
    if (!words) {
      if (!document.getElementById('photo-words')) return;
      words = readWords();
      if (!words.length) return watch.disconnect();
      return translateWithin(document.body);
    }
    for (const {type, target, addedNodes} of changes) {
      if (type === 'attributes') translate(target);
      for (const node of addedNodes) if (node.nodeType === Node.ELEMENT_NODE) translateWithin(node);
    }
  }).observe(document, {childList: true, subtree: true, attributes: true, attributeFilter: ['aria-label', 'title']});
}
