// For who works by keyboard or by ear: focus is never lost, and what the stage comes to is said.

// What a button does may take the button away: a photo is removed, a run ends. Then what stands in its place has the focus.
let focused = null; // {element, places: where it stood, innermost first}
document.addEventListener('focusin', event => {
  const stage = event.target.closest('.answer')?.querySelector('[id$=-stage]');
  const places = event.target.closest('.after') ? [stage] : [];
  for (let at = event.target.parentElement; at && at !== document.body; at = at.parentElement) if (at.id) places.push(at);
  focused = {element: event.target, places: places.map(place => place?.id)};
});
const refind = () => {
  if (!focused || ![null, document.body].includes(document.activeElement)) return;
  const {element, places} = focused;
  if (element.isConnected && element.checkVisibility({visibilityProperty: true}) && !element.disabled) return; // left on purpose
  const place = places.map(id => document.getElementById(id)).find(found => found?.checkVisibility());
  if (!place) return;
  const within = place.id.endsWith('-stage') ? [] : [...place.querySelectorAll('button, a[href], summary, input, textarea')];
  const next = within.find(one => !one.disabled && one.checkVisibility({visibilityProperty: true})) ?? place;
  if (next === place) place.tabIndex = -1;
  next.focus({preventScroll: true});
};
setInterval(refind, 200);

// A region that is there before its text is: what comes into the page together with it, few readers say.
const aloud = Object.assign(document.createElement('p'), {className: 'sr-only', role: 'status'});
const told = new WeakSet();
new MutationObserver(changes => {
  if (!aloud.isConnected) document.body?.append(aloud);
  for (const {target} of changes) {
    const stage = target.nodeType === 1 && target.closest('[id$=-stage]')?.querySelector('.stage:is(.progress, .result)');
    if (!stage || told.has(stage) || !(stage.closest('.answer') ?? stage).checkVisibility()) continue; // a preview over it gives way
    told.add(stage);
    const parts = stage.matches('.result') ? [stage.querySelector('img')?.alt, stage.closest('[id$=-stage]').querySelector('.facts .badge')?.textContent] : [stage.textContent];
    aloud.textContent = parts.filter(part => part).join(' · ');
  }
}).observe(document, {childList: true, subtree: true});
