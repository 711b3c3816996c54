// The photo's camera. Gradio says nothing, or a key of its texts, when there is none, when it is not allowed, or busy:
// here the words stand below the photo, and Gradio goes on waiting for the camera.
{
  const WORDS = {NotAllowedError: 'denied', SecurityError: 'denied', NotFoundError: 'absent', OverconstrainedError: 'absent'};
  const WATCHED_MS = 1000; // within it, Gradio asks for the camera that was clicked for

  window.tellAtPhoto = (photo, name) => {
    photo.querySelector('.photo-word')?.remove();
    const words = name && document.getElementById('photo-words')?.content.querySelector(`[data-word=${name}]`);
    if (!words) return;
    const told = words.cloneNode(true);
    told.className = 'photo-word';
    told.setAttribute('role', 'alert');
    photo.append(told);
  };

  document.addEventListener('click', event => {
    const photo = event.target.closest?.('.photo');
    if (!photo) return;
    window.tellAtPhoto(photo, '');
    if (!event.target.closest('button')?.querySelector('.icon-wrap') || !photo.querySelector('video')) return;
    const media = navigator.mediaDevices;
    if (!media?.getUserMedia) {
      event.stopImmediatePropagation();
      return window.tellAtPhoto(photo, 'insecure');
    }
    const ask = media.getUserMedia, restore = () => { media.getUserMedia = ask; };
    setTimeout(restore, WATCHED_MS);
    media.getUserMedia = wish => {
      restore();
      return ask.call(media, wish).catch(error => {
        window.tellAtPhoto(photo, WORDS[error.name] ?? 'in_use');
        return new Promise(() => 0);
      });
    };
  }, true);
}
