// A face in the preflight that is clicked, or reached by keyboard, is the one to be used.
const chooseFace = event => {
  const face = event.target.closest?.('.check [data-face][role=button]');
  if (!face || face.ariaPressed === 'true' || (event.type === 'keydown' && !['Enter', ' '].includes(event.key))) return;
  event.preventDefault();
  window.faceChosen = Number(face.dataset.face);
  document.getElementById(`${face.closest('.check').dataset.slug}-mend-other_face`)?.click();
};
document.addEventListener('click', chooseFace);
document.addEventListener('keydown', chooseFace);
