// The screens' photos, set from here: a photo that is chosen in one screen is there in the others, the example stands in
// for a photo, a change of the photo is undone, and a reload finds it again. `screen` is a name as in Python.

const photoFrom = {}; // screen → the screen in which its photo was chosen
const photoOf = {}; // screen → its photo, as Gradio's payload
const rememberPhotos = () => {
  try {
    sessionStorage.photos = JSON.stringify({photoOf, photoFrom});
  } catch { /* storage is denied in some frames: then a reload begins anew */ }
};

// Gives the first one's photo to the others: to those that have none, and to those that have theirs from it.
window.sharePhoto = ([origin, ...names], [photo, ...others]) => {
  photoFrom[origin] = origin;
  photoOf[origin] = photo;
  const shared = others.map((own, at) => {
    if (!photo || (own && photoFrom[names[at]] !== origin)) return own;
    photoFrom[names[at]] = origin;
    return photoOf[names[at]] = photo;
  });
  rememberPhotos();
  return shared;
};
window.shareExample = (names, photos) => {
  const at = names.indexOf(window.chosenExample?.screen), first = list => [list[at], ...list.toSpliced(at, 1)];
  return at < 0 ? photos : window.sharePhoto(first(names), first(photos)).toSpliced(at, 0, photos[at]);
};

// From now on a screen has its photo from nobody else.
window.ownPhoto = screen => { photoFrom[screen] = screen; };

// Sets photos by their screens, which a hidden button of Gradio's does.
let givenPhotos = {};
const givePhotos = photos => {
  givenPhotos = photos;
  document.getElementById('set-photos')?.click();
};
window.setPhotos = (names, photos) => names.map((name, at) => name in givenPhotos ? givenPhotos[name] : photos[at]);

// Consent is for one photo. Whether the one behind a consent box is the same as when this was last asked, or the example
// that had stood in its place all the time.
const photoPathOf = {}, standIns = new Set();
window.samePhoto = (box, photo) => {
  const path = photo?.path ?? '';
  if (path === (photoPathOf[box] ?? '')) return true;
  photoPathOf[box] = path;
  return standIns.delete(box);
};

// A click on an example, and one on a face or a suggested fix: that one can be undone.
const screenOf = ask => ask?.querySelector('.examples')?.dataset.screen;
const fixing = {}, before = {}; // screen → the photo that a fix replaces, and the one that it has replaced
document.addEventListener('click', event => {
  const example = event.target.closest?.('[data-example]'), ask = event.target.closest?.('.inputs-column');
  if (example) {
    window.chosenExample = {name: example.dataset.example, screen: screenOf(ask)};
    document.getElementById('load-example')?.click();
  } else if (event.target.closest?.('.check ~ .fixes button, .check [data-action]')) fixing[screenOf(ask)] = photoOf[screenOf(ask)];
  else if (event.target.closest?.('.examples .undo')) givePhotos({[screenOf(ask)]: before[screenOf(ask)]});
}, true);

// Tells a panel's photo, which may have changed; returns whether it has.
const noticed = {}; // screen → the path of its photo
window.noticePhoto = (screen, photo) => {
  const path = photo?.path ?? '';
  if (path === (noticed[screen] ?? '')) return false;
  noticed[screen] = path;
  before[screen] = photo && fixing[screen];
  delete fixing[screen];
  photoOf[screen] = photo;
  document.querySelector(`.examples[data-screen=${screen}]`)?.toggleAttribute('data-undo', Boolean(before[screen]));
  rememberPhotos();
  return true;
};

// The panel opens with the example in place. Whoever changes a control, or presses the button without having given a
// photo, means the example: it becomes the photo, and then the button is pressed.
const showsExample = ask => screenOf(ask) && !ask.querySelector('.photo img, .photo video') && ask.querySelector('.photo input[type=file]')
  && [...ask.parentElement.querySelectorAll('.result-column .stage.example')].some(stage => stage.checkVisibility());
const takeExample = ask => {
  for (const box of ask.querySelectorAll('.consent')) standIns.add(box.id.replace(/-consent$/, ''));
  window.touchPanel(ask);
  ask.querySelector('[data-example]').click();
  return window.waitFor(() => ask.querySelector('.photo img'), 10_000);
};
window.showExample = slug => {
  const ask = document.getElementById(`${slug}-run`)?.closest('.inputs-column');
  if (ask && showsExample(ask)) takeExample(ask);
};
document.addEventListener('click', async event => {
  const button = event.target.closest?.('.inputs-column :is(.run, .both, .see)'), ask = button?.closest('.inputs-column');
  if (!ask || !showsExample(ask)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (await takeExample(ask)) button.click();
}, true);
for (const type of ['click', 'input'])
  document.addEventListener(type, ({target}) => {
    const ask = target.closest?.('.inputs-column');
    if (ask && target.closest('input, .template-tiles button, .consent') && !target.closest('.photo') && showsExample(ask)) takeExample(ask);
  });

// A reload: what this tab had, as far as the server still keeps it.
document.addEventListener('click', event => {
  if (!event.target.closest?.('#forget')) return;
  for (const screen of Object.keys(photoOf)) delete photoOf[screen];
  rememberPhotos();
});
const restorePhotos = async () => {
  try {
    if (!sessionStorage.photos) return;
    await window.tabName(); // a duplicated tab has lost them now
    const {photoOf: stored, photoFrom: from} = JSON.parse(sessionStorage.photos);
    const urls = new Set(Object.values(stored).flatMap(photo => photo?.url ? [photo.url] : []));
    const kept = new Set((await Promise.all([...urls].map(async url => (await fetch(url)).ok && url))).filter(url => url));
    const photos = Object.fromEntries(Object.entries(stored).filter(([, photo]) => kept.has(photo?.url)));
    if (!Object.keys(photos).length || !await window.waitFor(() => document.getElementById('set-photos'), 60_000)) return;
    if (window.chosenExample || Object.keys(photoOf).length) return; // the person was faster
    Object.assign(photoFrom, from);
    givePhotos(photos);
  } catch { /* nothing that could be restored */ }
};
setTimeout(restorePhotos); // once all scripts are there
