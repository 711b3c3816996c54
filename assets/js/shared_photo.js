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
  const shared = others.map((other, at) => {
    if (!photo || (other && photoFrom[names[at]] !== origin)) return other;
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
window.detachPhoto = screen => { photoFrom[screen] = screen; };

// Sets photos by their screens, which a hidden button of Gradio's does.
let pendingPhotos = {};
const applyPhotos = photos => {
  pendingPhotos = photos;
  document.getElementById('set-photos')?.click();
};
window.setPhotos = (names, photos) => names.map((name, at) => name in pendingPhotos ? pendingPhotos[name] : photos[at]);

// Consent is for one photo. Whether the one behind a consent box is the same as when this was last asked, or the example
// that had stood in its place all the time.
const consentPhotoPathOf = {}, exampleBoxes = new Set();
window.isSamePhoto = (box, photo) => {
  const path = photo?.path ?? '';
  if (path === (consentPhotoPathOf[box] ?? '')) return true;
  consentPhotoPathOf[box] = path;
  return exampleBoxes.delete(box);
};

// A click on an example, and one on a face or a suggested fix: that one can be undone.
const screenOf = inputs => inputs?.querySelector('.examples')?.dataset.screen;
const photoBeforeFix = {}, replacedPhoto = {}; // by screen: before a fix is applied, and after
document.addEventListener('click', event => {
  const example = event.target.closest?.('[data-example]'), inputs = event.target.closest?.('.inputs-column');
  if (example) {
    window.chosenExample = {name: example.dataset.example, screen: screenOf(inputs)};
    document.getElementById('load-example')?.click();
  } else if (event.target.closest?.('.check ~ .fixes button, .check [data-action]')) photoBeforeFix[screenOf(inputs)] = photoOf[screenOf(inputs)];
  else if (event.target.closest?.('.examples .undo')) applyPhotos({[screenOf(inputs)]: replacedPhoto[screenOf(inputs)]});
}, true);

// Tells a panel's photo, which may have changed; returns whether it has.
const photoPathOf = {}; // screen → the path of its photo
window.recordPhoto = (screen, photo) => {
  const path = photo?.path ?? '';
  if (path === (photoPathOf[screen] ?? '')) return false;
  photoPathOf[screen] = path;
  replacedPhoto[screen] = photo && photoBeforeFix[screen];
  delete photoBeforeFix[screen];
  photoOf[screen] = photo;
  document.querySelector(`.examples[data-screen=${screen}]`)?.toggleAttribute('data-undo', Boolean(replacedPhoto[screen]));
  rememberPhotos();
  return true;
};

// The panel opens with the example in place. Whoever changes a control, or presses the button without having given a
// photo, means the example: it becomes the photo, and then the button is pressed.
const showsExample = inputs => screenOf(inputs) && !inputs.querySelector('.photo img, .photo video') && inputs.querySelector('.photo input[type=file]')
  && [...inputs.parentElement.querySelectorAll('.result-column .stage.example')].some(stage => stage.checkVisibility());
const takeExample = inputs => {
  for (const box of inputs.querySelectorAll('.consent')) exampleBoxes.add(box.id.replace(/-consent$/, ''));
  window.markPanelTouched(inputs);
  inputs.querySelector('[data-example]').click();
  return window.waitFor(() => inputs.querySelector('.photo img'), 10_000);
};
window.useExample = slug => {
  const inputs = document.getElementById(`${slug}-run`)?.closest('.inputs-column');
  if (inputs && showsExample(inputs)) takeExample(inputs);
};
document.addEventListener('click', async event => {
  const button = event.target.closest?.('.inputs-column :is(.run, .both, .see)'), inputs = button?.closest('.inputs-column');
  if (!inputs || !showsExample(inputs)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (await takeExample(inputs)) button.click();
}, true);
for (const type of ['click', 'input'])
  document.addEventListener(type, ({target}) => {
    const inputs = target.closest?.('.inputs-column');
    if (inputs && target.closest('input, .template-tiles button, .step button, .consent') && !target.closest('.photo') && showsExample(inputs)) takeExample(inputs);
  });

// A reload: what this tab had, as far as the server still keeps it.
document.addEventListener('click', event => {
  if (!event.target.closest?.('#delete-data')) return;
  for (const screen of Object.keys(photoOf)) delete photoOf[screen];
  rememberPhotos();
});
const restorePhotos = async () => {
  try {
    if (!sessionStorage.photos) return;
    await window.tabName(); // a duplicated tab has lost them now
    const {photoOf: stored, photoFrom: from} = JSON.parse(sessionStorage.photos);
    const urls = new Set(Object.values(stored).flatMap(photo => photo?.url ? [photo.url] : []));
    const availableUrls = new Set((await Promise.all([...urls].map(async url => (await fetch(url)).ok && url))).filter(url => url));
    const photos = Object.fromEntries(Object.entries(stored).filter(([, photo]) => availableUrls.has(photo?.url)));
    if (!Object.keys(photos).length || !await window.waitFor(() => document.getElementById('set-photos'), 60_000)) return;
    if (window.chosenExample || Object.keys(photoOf).length) return; // the person was faster
    Object.assign(photoFrom, from);
    applyPhotos(photos);
  } catch { /* nothing that could be restored */ }
};
setTimeout(restorePhotos); // once all scripts are there
