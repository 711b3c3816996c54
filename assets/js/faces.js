// A face in the preflight that is clicked is the one to be used. By keyboard, it is clicked as a button would be.
document.addEventListener('keydown', event => {
  if (!['Enter', ' '].includes(event.key) || !event.target.matches?.('.check [data-face][role=button]')) return;
  event.preventDefault();
  event.target.dispatchEvent(new MouseEvent('click', {bubbles: true}));
});
