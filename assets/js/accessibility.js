// For keyboard and screen reader: the focus is never lost, and the end of a run is announced.

// A click may remove the button that was clicked: a photo is removed, a run ends. Then the nearest remaining container,
// or a control in it, gets the focus.
let lastFocus = null; // {element, containerIds: innermost first}
document.addEventListener('focusin', event => {
  const stage = event.target.closest('.result-column')?.querySelector('[id$=-stage]');
  const containers = event.target.closest('.result-actions') ? [stage] : [];
  for (let parent = event.target.parentElement; parent && parent !== document.body; parent = parent.parentElement)
    if (parent.id) containers.push(parent);
  lastFocus = {element: event.target, containerIds: containers.map(container => container?.id)};
});
const restoreFocus = () => {
  if (!lastFocus || ![null, document.body].includes(document.activeElement)) return;
  const {element, containerIds} = lastFocus;
  const isVisible = candidate => candidate.checkVisibility({visibilityProperty: true});
  if (element.isConnected && isVisible(element) && !element.disabled) return; // the person left it
  const container = containerIds.map(id => document.getElementById(id)).find(found => found?.checkVisibility());
  if (!container) return;
  const controls = container.id.endsWith('-stage') ? [] : [...container.querySelectorAll('button, a[href], summary, input, textarea')];
  const target = controls.find(control => !control.disabled && isVisible(control)) ?? container;
  if (target === container) container.tabIndex = -1;
  target.focus({preventScroll: true});
};
setInterval(restoreFocus, 200);

// Few screen readers announce a live region that enters the page together with its text, so this one is there before.
const liveRegion = Object.assign(document.createElement('p'), {className: 'sr-only', role: 'status'});
const announcedStages = new WeakSet();
new MutationObserver(changes => {
  if (!liveRegion.isConnected) document.body?.append(liveRegion);
  for (const {target} of changes) {
    const stage = target.nodeType === 1 && target.closest('[id$=-stage]')?.querySelector('.stage:is(.progress, .result)');
    if (!stage || announcedStages.has(stage) || !(stage.closest('.result-column') ?? stage).checkVisibility()) continue; // covered by a preview
    announcedStages.add(stage);
    const texts = stage.matches('.result')
      ? [stage.querySelector('img')?.alt, stage.closest('[id$=-stage]').querySelector('.facts .badge')?.textContent]
      : [stage.textContent];
    liveRegion.textContent = texts.filter(text => text).join(' · ');
  }
}).observe(document, {childList: true, subtree: true});
