// The window: its title, its name, the panel that a link leads to.

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

// Brings something into view, at once for who wants no motion.
window.glideTo = (element, block = 'start') => element?.scrollIntoView({
  block, behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'instant' : 'smooth'});
