// The few things that a page needs and Gradio does not do. Listens on the document, so that it may stand in the head.

// Gradio turns away what the browser knows no type for, with a toast: HEIC on most systems. The server looks at the
// content anyway and explains what it cannot read, so every file may come to it as a picture.
const asPictures = files => {
  const carried = new DataTransfer();
  for (const file of files)
    carried.items.add(file.type.startsWith('image/') ? file : new File([file], file.name, {type: 'image/heic'}));
  return carried.files;
};
document.addEventListener('click', event => {
  const input = event.target.closest?.('.photo')?.querySelector('input[type=file]');
  if (input) input.accept = 'image/*,.heic,.heif';
}, true);
document.addEventListener('change', event => {
  if (event.target.matches('.photo input[type=file]')) event.target.files = asPictures(event.target.files);
}, true);
document.addEventListener('drop', event => {
  const input = event.target.closest?.('.photo')?.querySelector('input[type=file]');
  const files = event.dataTransfer?.files ?? [];
  if (!input || [...files].every(file => file.type.startsWith('image/'))) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  input.files = asPictures(files);
  input.dispatchEvent(new Event('change', {bubbles: true}));
}, true);

// A photo that this browser cannot show is known by its name.
document.addEventListener('error', event => {
  if (event.target.matches?.('.photo img')) event.target.alt = decodeURIComponent(event.target.src.split('/').pop());
}, true);

// A list's text is selected when it is entered: typing then looks for another entry instead of spoiling this one.
document.addEventListener('focusin', event => {
  if (event.target.matches('input[role=combobox], input[role=listbox]')) setTimeout(() => event.target.select());
});

// It looks for entries when a key goes down. What an input method or a paste puts in comes after that, or without.
document.addEventListener('input', event => {
  if (event.target.matches('input[role=combobox]'))
    setTimeout(() => event.target.dispatchEvent(new KeyboardEvent('keydown', {key: 'Process', bubbles: true})));
});

// The window's title, too, is in the visitor's language.
new MutationObserver((_, watch) => {
  const name = document.querySelector('.masthead h1')?.textContent;
  if (!name) return;
  document.title = name;
  watch.disconnect();
}).observe(document, {childList: true, subtree: true});

// A name for this tab that nobody can guess. It outlives a reload, so that the click after one is known for the same.
window.tabName = () => {
  const draw = () => [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, '0')).join('');
  try {
    return sessionStorage.tabName ??= draw();
  } catch {
    return draw(); // storage is denied in some frames: then a name holds until the reload
  }
};

// A photo that is given in one panel is there in the others: in those that have none, and those that have theirs from it.
const photoFrom = {};
window.sharePhoto = ([name, ...names], [photo, ...others]) => {
  photoFrom[name] = name;
  return others.map((other, at) => {
    if (!photo || (other && photoFrom[names[at]] !== name)) return other;
    photoFrom[names[at]] = name;
    return photo;
  });
};

// The inspector's programs: a button copies the text of its neighbour. Where the clipboard is denied (http, some
// frames), the text is selected, and a key press away from being copied.
document.addEventListener('click', async event => {
  const button = event.target.closest?.('button[data-copy]');
  const text = button?.parentElement.querySelector('pre');
  if (!text) return;
  try {
    await navigator.clipboard.writeText(text.textContent);
  } catch {
    getSelection().selectAllChildren(text);
    if (!document.execCommand('copy')) return;
  }
  const label = button.dataset.label ??= button.textContent;
  button.textContent = button.dataset.copied;
  setTimeout(() => button.textContent = label, 2000);
});

// A face in the preflight that is clicked, or reached by keyboard, is the one to be used.
const chooseFace = event => {
  const face = event.target.closest?.('.check [data-face][role=button]');
  if (!face || (event.type === 'keydown' && !['Enter', ' '].includes(event.key))) return;
  event.preventDefault();
  window.faceChosen = Number(face.dataset.face);
  document.getElementById(`${face.closest('.check').dataset.slug}-mend-other_face`)?.click();
};
document.addEventListener('click', chooseFace);
document.addEventListener('keydown', chooseFace);

// A link to a panel (/#face-fuse, as on the reference page) opens its tab.
const openPanel = () => {
  const tab = document.getElementById(`${location.hash.slice(1)}-tab-button`);
  if (tab?.getAttribute('role') !== 'tab') return false;
  tab.click();
  return true;
};
addEventListener('hashchange', openPanel);
if (location.hash)
  new MutationObserver((_, watch) => openPanel() && watch.disconnect()).observe(document, {childList: true, subtree: true});

// Whether a panel's photo is the one that it was when this was last asked.
const photoIn = {};
window.samePhoto = (panel, photo) => {
  const before = photoIn[panel];
  photoIn[panel] = photo?.path ?? '';
  return before === photoIn[panel];
};
