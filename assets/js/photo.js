// A photo on its way into a panel. Listens on the document, so that it may stand in the head.

// What is too large for one upload is refused before it is sent, at any field for files.
for (const name of ['change', 'drop']) document.addEventListener(name, event => {
  const field = event.target.closest?.('.photo, .photos'), files = event.target.files ?? event.dataTransfer?.files ?? [];
  const word = document.getElementById('photo-words')?.content.querySelector('[data-word=too_large]');
  if (!field || !word || [...files].reduce((sum, {size}) => sum + size, 0) <= word.dataset.maxBytes)
    return field && window.showPhotoMessage(field, '');
  event.preventDefault();
  event.stopImmediatePropagation();
  if (event.target.files) event.target.value = '';
  window.showPhotoMessage(field, 'too_large');
}, true);

// Gradio turns away what the browser knows no type for, with a toast: HEIC on most systems. The server looks at the
// content anyway and explains what it cannot read, so every file may come to it as a picture.
const markAsImages = files => {
  const transfer = new DataTransfer();
  for (const file of files)
    transfer.items.add(file.type.startsWith('image/') ? file : new File([file], file.name, {type: 'image/heic'}));
  return transfer.files;
};
document.addEventListener('click', event => {
  const input = event.target.closest?.('.photo')?.querySelector('input[type=file]');
  if (input) input.accept = 'image/*,.heic,.heif';
}, true);
document.addEventListener('change', event => {
  if (event.target.matches('.photo input[type=file]')) event.target.files = markAsImages(event.target.files);
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
  input.files = markAsImages(files);
  input.dispatchEvent(new Event('change', {bubbles: true}));
}, true);

// A photo that this browser cannot show is known by its name.
document.addEventListener('error', event => {
  if (event.target.matches?.('.photo img')) event.target.alt = decodeURIComponent(event.target.src.split('/').pop());
}, true);

// A file becomes the photo of the panel that is open, in place of the one that is there: by the way that any file comes
// in. Where no panel is open, the first one opens.
window.setPhotoFile = async file => {
  const shown = () => [...document.querySelectorAll('.photo')].find(photo => photo.offsetParent);
  if (!shown()) document.querySelector('#panels [role=tab]')?.click();
  const photo = await window.waitFor(shown);
  if (!photo) return;
  window.markPanelTouched(photo);
  photo.querySelector('[aria-label="Remove Image"], [data-gradio="Remove Image"]')?.click();
  const find = () => photo.querySelector('input[type=file]');
  if (!await window.waitFor(find, 300)) // its camera was open
    photo.querySelector('[aria-label="Upload file"], [data-gradio="Upload file"]')?.click();
  const input = await window.waitFor(find, 2000);
  if (!input) return;
  const transfer = new DataTransfer();
  transfer.items.add(file);
  input.files = transfer.files;
  input.dispatchEvent(new Event('change', {bubbles: true}));
};
document.addEventListener('paste', event => {
  if (event.target.closest?.('input:not([type=range], [type=checkbox]), textarea, [contenteditable]')) return;
  const file = [...event.clipboardData?.files ?? []].find(file => file.type.startsWith('image/'));
  if (!file) return;
  event.preventDefault();
  window.setPhotoFile(file);
});
const hasFiles = event => [...event.dataTransfer?.types ?? []].includes('Files') && !event.target.closest?.('.photo button, .upload-container, [data-testid=file]');
document.addEventListener('dragover', event => hasFiles(event) && event.preventDefault());
document.addEventListener('drop', event => {
  if (!hasFiles(event)) return;
  event.preventDefault(); // the browser would leave the page and show the file
  const [file] = event.dataTransfer.files;
  if (file) window.setPhotoFile(file);
});
document.addEventListener('click', event => {
  if (!event.target.closest?.('.examples .change')) return;
  const input = Object.assign(document.createElement('input'), {type: 'file', accept: 'image/*,.heic,.heif'});
  input.addEventListener('change', () => input.files[0] && window.setPhotoFile(input.files[0]));
  input.click();
});

// A photo that takes the room beside the result keeps its height while something in its column is unfolded: what is below
// moves down, and not the line that was clicked up.
document.addEventListener('click', ({target}) => {
  const column = target.closest?.('.large-photo summary') && target.closest('.large-photo');
  column?.style.setProperty('--photo-height', `${column.querySelector('.photo').getBoundingClientRect().height}px`);
}, true);
document.addEventListener('toggle', ({target}) => {
  const column = target.closest?.('.large-photo');
  if (!column?.querySelector('details[open]')) column?.style.removeProperty('--photo-height');
}, true);
