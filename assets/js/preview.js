// A panel shows its preview after a change of the photo or a control, and its result after a run.

const answerOf = slug => document.getElementById(`${slug}-stage`)?.closest('.answer');
const setView = (answer, view) => { if (answer) answer.dataset.view = view; };
window.showPreview = slug => setView(answerOf(slug), 'preview');

document.addEventListener('click', event => {
  const button = event.target.closest?.(':is(.ask, .answer) :is(.run, .both, .after button, .last-result)');
  if (button) setView(button.closest('.ask, .answer').parentElement.querySelector('.answer'), 'result');
});

// A run that began elsewhere (the history) or that was overtaken by a change ends in view.
new MutationObserver(changes => {
  for (const {target, addedNodes} of changes)
    if ([...addedNodes].some(node => node.querySelector?.('.stage:not(.invitation)') ?? node.matches?.('.stage:not(.invitation)')))
      setView(target.closest?.('.preview') ? null : target.closest?.('.answer'), 'result');
}).observe(document, {childList: true, subtree: true});
