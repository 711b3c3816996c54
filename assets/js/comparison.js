// Before and after: the divider, views, hold, zoom, and what moved. Listens on the document: results come and go.

for (const name of ['load', 'error']) // the style sheet shows a spinner until then
  document.addEventListener(name, ({target}) => target.matches?.('.compare img') && (target.dataset.loaded = ''), true);

const viewports = new WeakMap(); // a comparison → {zoom, x, y}: where the picture's corner lies, in widths and heights of the frame
const pointers = new Map(); // pointer → {x, y}
let gesture = null; // what a drag or a pinch began with
const comparisonOf = event => event.target.closest?.('.comparing');
const frameOf = comparison => comparison.querySelector('.compare');
const viewportOf = frame => viewports.get(frame) ?? {zoom: 1, x: 0, y: 0};
const maxZoom = frame => Math.max(4, frame.querySelector('img').naturalWidth / frame.clientWidth);
const relativePosition = (frame, point) => {
  const box = frame.getBoundingClientRect();
  return [(point.x - box.left) / box.width, (point.y - box.top) / box.height];
};

const setViewport = (frame, zoom, x, y, animated = false) => {
  zoom = Math.min(Math.max(zoom, 1), maxZoom(frame));
  if (zoom < 1.01) zoom = 1;
  [x, y] = [x, y].map(at => Math.min(0, Math.max(1 - zoom, at)));
  viewports.set(frame, {zoom, x, y});
  frame.classList.toggle('animated', animated);
  frame.classList.toggle('zoomed', zoom > 1);
  for (const [name, value] of [['--zoom', zoom], ['--x', `${x * 100}%`], ['--y', `${y * 100}%`]]) frame.style.setProperty(name, value);
  const tools = frame.closest('.comparing').querySelector('.zooms');
  tools.querySelector('output').value = `${Number(zoom.toFixed(1))}×`;
  for (const [name, end] of [['out', 1], ['fit', 1], ['in', maxZoom(frame)]])
    tools.querySelector(`[data-zoom=${name}]`).setAttribute('aria-disabled', zoom === end);
};
const zoomTo = (frame, zoom, [across, down] = [.5, .5], animated = true) => {
  const current = viewportOf(frame);
  const factor = Math.min(Math.max(zoom, 1), maxZoom(frame)) / current.zoom;
  setViewport(frame, zoom, across - (across - current.x) * factor, down - (down - current.y) * factor, animated);
};
// A reshaped face is looked at closely from the start: it fills most of the frame, with the divider through it.
const FACE_SHARE = .62, MIN_OPENING_ZOOM = 1.05;
const openOnFace = frame => {
  const [x, y, width, height] = frame.dataset.face.split(' ').map(Number);
  delete frame.dataset.face;
  const zoom = Math.min(FACE_SHARE / Math.max(width, height), 4);
  if (zoom >= MIN_OPENING_ZOOM) setViewport(frame, zoom, .5 - (x + width / 2) * zoom, .5 - (y + height / 2) * zoom);
};
new MutationObserver(changes => {
  for (const {addedNodes} of changes) for (const node of addedNodes)
    if (node.nodeType === 1) node.querySelectorAll('.comparing .compare[data-face]').forEach(openOnFace);
}).observe(document, {childList: true, subtree: true});

const STEPS = {in: zoom => zoom * 1.5, out: zoom => zoom / 1.5, fit: () => 1};
const zoomStep = (frame, name) => zoomTo(frame, STEPS[name](viewportOf(frame).zoom));

// The divider, views, and "before" for as long as a button is held.
const announce = (comparison, text) => { comparison.querySelector('.tools [role=status]').textContent = text; };
const selectView = (comparison, button) => {
  const divider = button.dataset.view === 'divider';
  frameOf(comparison).dataset.view = button.dataset.view;
  frameOf(comparison).querySelector('input').disabled = !divider;
  for (const other of comparison.querySelectorAll('.views button')) other.setAttribute('aria-pressed', other === button);
  announce(comparison, button.dataset.status);
};
const holdBefore = (button, pressed) => {
  const comparison = button.closest('.comparing');
  frameOf(comparison).classList.toggle('held', pressed);
  button.setAttribute('aria-pressed', pressed);
  announce(comparison, pressed ? button.dataset.status : comparison.querySelector('.views [aria-pressed=true]').dataset.status);
};
const releaseBefore = () => document.querySelectorAll('.hold[aria-pressed=true]').forEach(button => holdBefore(button, false));
document.addEventListener('input', event => {
  if (event.target.matches('.compare input')) event.target.parentElement.style.setProperty('--at', `${event.target.value}%`);
});
document.addEventListener('click', event => {
  const button = event.target.closest?.('.tools button');
  if (!button) return;
  if (button.dataset.view) selectView(comparisonOf(event), button);
  if (button.dataset.zoom) zoomStep(frameOf(comparisonOf(event)), button.dataset.zoom);
});
document.addEventListener('focusout', event => event.target.matches?.('.hold') && releaseBefore());
addEventListener('blur', releaseBefore);
document.addEventListener('contextmenu', event => event.target.closest?.('.hold') && event.preventDefault());

// Keys: + − 0 zoom; arrows pan what is zoomed, and move the divider otherwise.
const ARROWS = {ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]};
document.addEventListener('keydown', event => {
  const comparison = comparisonOf(event);
  if (!comparison || event.ctrlKey || event.metaKey || event.altKey) return;
  const frame = frameOf(comparison), current = viewportOf(frame), arrow = ARROWS[event.key];
  const name = {'+': 'in', '=': 'in', '-': 'out', 0: 'fit'}[event.key];
  if (event.target.matches('.hold') && [' ', 'Enter'].includes(event.key)) {
    if (!event.repeat) holdBefore(event.target, true);
  } else if (name) zoomStep(frame, name);
  else if (arrow && current.zoom > 1) setViewport(frame, current.zoom, current.x + arrow[0] * .15, current.y + arrow[1] * .15, true);
  else return;
  event.preventDefault();
});
document.addEventListener('keyup', event => {
  if (!event.target.matches?.('.hold') || ![' ', 'Enter'].includes(event.key)) return;
  event.preventDefault();
  releaseBefore();
});

// Mouse and fingers: one drags what is zoomed, two pinch, a double click goes in and out.
document.addEventListener('pointerdown', event => {
  const button = event.target.closest?.('.hold'), frame = event.target.closest?.('.comparing .compare');
  if (button && event.button === 0) holdBefore(button, true);
  if (event.target.matches?.('.compare input') && !frame) event.target.parentElement.divider = event.target.value; // without tools
  if (!frame || event.button !== 0) return;
  if (gesture?.frame !== frame) pointers.clear();
  pointers.set(event.pointerId, {x: event.clientX, y: event.clientY});
  const range = frame.querySelector('input');
  if (event.timeStamp - (frame.pressedAt ?? -1e9) > 500) frame.divider = range.value; // what a double click finds again
  frame.pressedAt = event.timeStamp;
  gesture = readGesture(frame);
  if (pointers.size === 2) restoreDivider(frame);
  if (event.target === range && pointers.size === 1) return;
  frame.setPointerCapture?.(event.pointerId);
});
const restoreDivider = frame => {
  const range = frame.querySelector('input');
  range.value = frame.divider;
  frame.style.setProperty('--at', `${range.value}%`);
};
const readGesture = frame => {
  const [one, other = one] = pointers.values();
  const middle = {x: (one.x + other.x) / 2, y: (one.y + other.y) / 2};
  return {frame, viewport: viewportOf(frame), at: relativePosition(frame, middle), gap: Math.hypot(one.x - other.x, one.y - other.y)};
};
document.addEventListener('pointermove', event => {
  if (!gesture || !pointers.has(event.pointerId)) return;
  pointers.set(event.pointerId, {x: event.clientX, y: event.clientY});
  const {frame, viewport: start, at} = gesture;
  if (!frame.isConnected || (pointers.size === 1 && (start.zoom === 1 || event.target.matches?.('input')))) return;
  const current = readGesture(frame), zoom = gesture.gap ? start.zoom * current.gap / gesture.gap : start.zoom;
  const factor = Math.min(Math.max(zoom, 1), maxZoom(frame)) / start.zoom;
  setViewport(frame, zoom, current.at[0] - (at[0] - start.x) * factor, current.at[1] - (at[1] - start.y) * factor);
  if (pointers.size === 2) restoreDivider(frame);
});
const endPointer = event => {
  releaseBefore();
  pointers.delete(event.pointerId);
  gesture = gesture && pointers.size ? readGesture(gesture.frame) : null;
};
document.addEventListener('pointerup', endPointer);
document.addEventListener('pointercancel', event => {
  if (pointers.size < 2 && event.target.matches?.('.compare input')) restoreDivider(event.target.parentElement); // the page scrolls: the finger was not meant for the divider
  endPointer(event);
});
document.addEventListener('dblclick', event => {
  const frame = event.target.closest?.('.comparing .compare');
  if (!frame) return;
  restoreDivider(frame);
  zoomTo(frame, viewportOf(frame).zoom > 1 ? 1 : 2.5, relativePosition(frame, {x: event.clientX, y: event.clientY}));
});

// The wheel scrolls the page, and zooms with ctrl, which is also what a pinch on a touch pad says. Only a comparison
// that the pointer is on listens: the page's own scrolling waits for nobody.
const wheelFrames = new WeakSet();
document.addEventListener('pointerover', event => {
  const frame = event.target.closest?.('.comparing .compare');
  if (!frame || wheelFrames.has(frame)) return;
  wheelFrames.add(frame);
  frame.addEventListener('wheel', wheel => {
    if (!wheel.ctrlKey) return;
    wheel.preventDefault();
    zoomTo(frame, viewportOf(frame).zoom * Math.exp(-wheel.deltaY / 200), relativePosition(frame, {x: wheel.clientX, y: wheel.clientY}), false);
  }, {passive: false});
});

// What moved is measured when it is unfolded for the first time; what failed is asked for again at the next.
document.addEventListener('toggle', async event => {
  const details = event.target;
  if (!details.matches?.('details.moved') || !details.open || details.dataset.requested) return;
  details.dataset.requested = 1;
  const found = details.querySelector('.found');
  try {
    const answer = await fetch(`${details.dataset.address}?lang=${document.documentElement.lang.split("-")[0]}`);
    if (!answer.ok) throw answer.status;
    found.innerHTML = await answer.text();
  } catch (status) {
    found.replaceChildren(Object.assign(document.createElement('p'), {textContent: details.dataset[status === 404 ? 'gone' : 'failed']}));
    delete details.dataset.requested;
  }
}, true);
