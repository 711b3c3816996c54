// The camera of a photo field. Where it is missing, denied or busy, Gradio shows nothing, or the key of a text. This shows
// an explanation below the photo, and leaves Gradio waiting for the camera.
{
  const MESSAGES = {NotAllowedError: 'denied', SecurityError: 'denied', NotFoundError: 'absent', OverconstrainedError: 'absent'};
  const MAX_WAIT_MS = 1000; // from the click to Gradio's request for the camera

  window.showPhotoMessage = (photo, name) => {
    photo.querySelector('.photo-word')?.remove();
    const template = name && document.getElementById('photo-words')?.content.querySelector(`[data-word=${name}]`);
    if (!template) return;
    const message = template.cloneNode(true);
    message.className = 'photo-word';
    message.setAttribute('role', 'alert');
    photo.append(message);
  };

  document.addEventListener('click', event => {
    const photo = event.target.closest?.('.photo');
    if (!photo) return;
    window.showPhotoMessage(photo, '');
    if (!event.target.closest('button')?.querySelector('.icon-wrap') || !photo.querySelector('video')) return;
    const media = navigator.mediaDevices;
    if (!media?.getUserMedia) {
      event.stopImmediatePropagation();
      return window.showPhotoMessage(photo, 'insecure');
    }
    const getUserMedia = media.getUserMedia, restore = () => { media.getUserMedia = getUserMedia; };
    setTimeout(restore, MAX_WAIT_MS);
    media.getUserMedia = constraints => {
      restore();
      return getUserMedia.call(media, constraints).catch(error => {
        window.showPhotoMessage(photo, MESSAGES[error.name] ?? 'in_use');
        return new Promise(() => 0);
      });
    };
  }, true);
}
