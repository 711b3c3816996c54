// Before and after: the divider, views, hold, zoom, and what moved. Listens on the document: results come and go.

for (const name of ['load', 'error']) // the style sheet shows a spinner until then
  document.addEventListener(name, ({target}) => target.matches?.('.compare img') && (target.dataset.loaded = ''), true);

const looks = new WeakMap(); // a comparison → {zoom, x, y}: where the picture's corner lies, in widths and heights of the frame
const fingers = new Map(); // pointer → {x, y}
let grip = null; // what a drag or a pinch began with
const partOf = event => event.target.closest?.('.comparing');
const frameOf = part => part.querySelector('.compare');
const lookOf = frame => looks.get(frame) ?? {zoom: 1, x: 0, y: 0};
const most = frame => Math.max(4, frame.querySelector('img').naturalWidth / frame.clientWidth);
const within = (frame, point) => {
  const box = frame.getBoundingClientRect();
  return [(point.x - box.left) / box.width, (point.y - box.top) / box.height];
};

const look = (frame, zoom, x, y, glide = false) => {
  zoom = Math.min(Math.max(zoom, 1), most(frame));
  if (zoom < 1.01) zoom = 1;
  [x, y] = [x, y].map(at => Math.min(0, Math.max(1 - zoom, at)));
  looks.set(frame, {zoom, x, y});
  frame.classList.toggle('glide', glide);
  frame.classList.toggle('zoomed', zoom > 1);
  for (const [name, value] of [['--zoom', zoom], ['--x', `${x * 100}%`], ['--y', `${y * 100}%`]]) frame.style.setProperty(name, value);
  const tools = frame.closest('.comparing').querySelector('.zooms');
  tools.querySelector('output').value = `${Number(zoom.toFixed(1))}×`;
  for (const [name, end] of [['out', 1], ['fit', 1], ['in', most(frame)]])
    tools.querySelector(`[data-zoom=${name}]`).setAttribute('aria-disabled', zoom === end);
};
const zoomTo = (frame, zoom, [across, down] = [.5, .5], glide = true) => {
  const now = lookOf(frame);
  const by = Math.min(Math.max(zoom, 1), most(frame)) / now.zoom;
  look(frame, zoom, across - (across - now.x) * by, down - (down - now.y) * by, glide);
};
// A reshaped face is looked at closely from the start: it fills most of the frame, with the divider through it.
const FACE_SHARE = .62, MIN_OPENING_ZOOM = 1.3;
const openOnFace = frame => {
  const [x, y, width, height] = frame.dataset.face.split(' ').map(Number);
  delete frame.dataset.face;
  const zoom = Math.min(FACE_SHARE / Math.max(width, height), 4);
  if (zoom >= MIN_OPENING_ZOOM) look(frame, zoom, .5 - (x + width / 2) * zoom, .5 - (y + height / 2) * zoom);
};
new MutationObserver(changes => {
  for (const {addedNodes} of changes) for (const node of addedNodes)
    if (node.nodeType === 1) node.querySelectorAll('.comparing .compare[data-face]').forEach(openOnFace);
}).observe(document, {childList: true, subtree: true});

const STEPS = {in: zoom => zoom * 1.5, out: zoom => zoom / 1.5, fit: () => 1};
const step = (frame, name) => zoomTo(frame, STEPS[name](lookOf(frame).zoom));

// The divider, views, and "before" for as long as a button is held.
const tell = (part, text) => { part.querySelector('.tools [role=status]').textContent = text; };
const show = (part, button) => {
  const divider = button.dataset.view === 'divider';
  frameOf(part).dataset.view = button.dataset.view;
  frameOf(part).querySelector('input').disabled = !divider;
  for (const other of part.querySelectorAll('.views button')) other.setAttribute('aria-pressed', other === button);
  tell(part, button.dataset.told);
};
const hold = (button, held) => {
  const part = button.closest('.comparing');
  frameOf(part).classList.toggle('held', held);
  button.setAttribute('aria-pressed', held);
  tell(part, held ? button.dataset.told : part.querySelector('.views [aria-pressed=true]').dataset.told);
};
const release = () => document.querySelectorAll('.hold[aria-pressed=true]').forEach(button => hold(button, false));
document.addEventListener('input', event => {
  if (event.target.matches('.compare input')) event.target.parentElement.style.setProperty('--at', `${event.target.value}%`);
});
document.addEventListener('click', event => {
  const button = event.target.closest?.('.tools button');
  if (!button) return;
  if (button.dataset.view) show(partOf(event), button);
  if (button.dataset.zoom) step(frameOf(partOf(event)), button.dataset.zoom);
});
document.addEventListener('focusout', event => event.target.matches?.('.hold') && release());
addEventListener('blur', release);
document.addEventListener('contextmenu', event => event.target.closest?.('.hold') && event.preventDefault());

// Keys: + − 0 zoom; arrows pan what is zoomed, and move the divider otherwise.
const ARROWS = {ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]};
document.addEventListener('keydown', event => {
  const part = partOf(event);
  if (!part || event.ctrlKey || event.metaKey || event.altKey) return;
  const frame = frameOf(part), now = lookOf(frame), arrow = ARROWS[event.key];
  const name = {'+': 'in', '=': 'in', '-': 'out', 0: 'fit'}[event.key];
  if (event.target.matches('.hold') && [' ', 'Enter'].includes(event.key)) {
    if (!event.repeat) hold(event.target, true);
  } else if (name) step(frame, name);
  else if (arrow && now.zoom > 1) look(frame, now.zoom, now.x + arrow[0] * .15, now.y + arrow[1] * .15, true);
  else return;
  event.preventDefault();
});
document.addEventListener('keyup', event => {
  if (!event.target.matches?.('.hold') || ![' ', 'Enter'].includes(event.key)) return;
  event.preventDefault();
  release();
});

// Mouse and fingers: one drags what is zoomed, two pinch, a double click goes in and out.
document.addEventListener('pointerdown', event => {
  const button = event.target.closest?.('.hold'), frame = event.target.closest?.('.comparing .compare');
  if (button && event.button === 0) hold(button, true);
  if (!frame || event.button !== 0) return;
  if (grip?.frame !== frame) fingers.clear();
  fingers.set(event.pointerId, {x: event.clientX, y: event.clientY});
  const range = frame.querySelector('input');
  if (event.timeStamp - (frame.pressed ?? -1e9) > 500) frame.divider = range.value; // what a double click finds again
  frame.pressed = event.timeStamp;
  grip = grab(frame);
  if (fingers.size === 2) restore(frame);
  if (event.target === range && fingers.size === 1) return;
  frame.setPointerCapture?.(event.pointerId);
});
const restore = frame => {
  const range = frame.querySelector('input');
  range.value = frame.divider;
  frame.style.setProperty('--at', `${range.value}%`);
};
const grab = frame => {
  const [one, other = one] = fingers.values();
  const middle = {x: (one.x + other.x) / 2, y: (one.y + other.y) / 2};
  return {frame, look: lookOf(frame), at: within(frame, middle), gap: Math.hypot(one.x - other.x, one.y - other.y)};
};
document.addEventListener('pointermove', event => {
  if (!grip || !fingers.has(event.pointerId)) return;
  fingers.set(event.pointerId, {x: event.clientX, y: event.clientY});
  const {frame, look: begun, at} = grip;
  if (!frame.isConnected || (fingers.size === 1 && (begun.zoom === 1 || event.target.matches?.('input')))) return;
  const now = grab(frame), zoom = grip.gap ? begun.zoom * now.gap / grip.gap : begun.zoom;
  const by = Math.min(Math.max(zoom, 1), most(frame)) / begun.zoom;
  look(frame, zoom, now.at[0] - (at[0] - begun.x) * by, now.at[1] - (at[1] - begun.y) * by);
  if (fingers.size === 2) restore(frame);
});
const letGo = event => {
  release();
  fingers.delete(event.pointerId);
  grip = grip && fingers.size ? grab(grip.frame) : null;
};
document.addEventListener('pointerup', letGo);
document.addEventListener('pointercancel', event => {
  if (grip && fingers.size === 1) restore(grip.frame); // the page scrolls: the finger was not meant for the divider
  letGo(event);
});
document.addEventListener('dblclick', event => {
  const frame = event.target.closest?.('.comparing .compare');
  if (!frame) return;
  restore(frame);
  zoomTo(frame, lookOf(frame).zoom > 1 ? 1 : 2.5, within(frame, {x: event.clientX, y: event.clientY}));
});

// The wheel scrolls the page, and zooms with ctrl, which is also what a pinch on a touch pad says. Only a comparison
// that the pointer is on listens: the page's own scrolling waits for nobody.
const wheeled = new WeakSet();
document.addEventListener('pointerover', event => {
  const frame = event.target.closest?.('.comparing .compare');
  if (!frame || wheeled.has(frame)) return;
  wheeled.add(frame);
  frame.addEventListener('wheel', wheel => {
    if (!wheel.ctrlKey) return;
    wheel.preventDefault();
    zoomTo(frame, lookOf(frame).zoom * Math.exp(-wheel.deltaY / 200), within(frame, {x: wheel.clientX, y: wheel.clientY}), false);
  }, {passive: false});
});

// What moved is measured when it is unfolded for the first time; what failed is asked for again at the next.
document.addEventListener('toggle', async event => {
  const folded = event.target;
  if (!folded.matches?.('details.moved') || !folded.open || folded.dataset.asked) return;
  folded.dataset.asked = 1;
  const found = folded.querySelector('.found');
  try {
    const answer = await fetch(`${folded.dataset.address}?lang=${document.documentElement.lang.split("-")[0]}`);
    if (!answer.ok) throw answer.status;
    found.innerHTML = await answer.text();
  } catch (status) {
    found.replaceChildren(Object.assign(document.createElement('p'), {textContent: folded.dataset[status === 404 ? 'gone' : 'failed']}));
    delete folded.dataset.asked;
  }
}, true);
