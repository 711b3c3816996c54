// A photo on its way into a panel. Listens on the document, so that it may stand in the head.

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
  const photo = event.target.closest?.('.photo'), input = photo?.querySelector('input[type=file]');
  const files = event.dataTransfer?.files ?? [];
  if (photo && !files.length && event.dataTransfer?.types.includes('text/uri-list')) { // a picture of another page
    event.preventDefault();
    event.stopImmediatePropagation();
    return window.showPhotoMessage(photo, 'url_only');
  }
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

// From now on a panel has its photo from nobody else.
window.ownPhoto = name => { photoFrom[name] = name; };

// Whether a panel's photo is the one that it was when this was last asked.
const photoIn = {};
window.samePhoto = (panel, photo) => {
  const before = photoIn[panel];
  photoIn[panel] = photo?.path ?? '';
  return before === photoIn[panel];
};
