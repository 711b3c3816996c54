// The window: its title, its name, the panel that a link leads to.

// The window's title, too, is in the visitor's language.
new MutationObserver((_, watch) => {
  const name = document.querySelector('.masthead h1')?.textContent;
  if (!name) return;
  document.title = name;
  watch.disconnect();
}).observe(document, {childList: true, subtree: true});

// A name for this tab that nobody can guess. It outlives a reload, so that the click after one is known for the same.
// A duplicated tab begins with a copy of the storage: it asks whether another tab has the name, and then draws its own.
{
  const ANSWER_MS = 150, channel = new BroadcastChannel('tab names');
  let own = null;
  channel.onmessage = ({data}) => data.asks && data.asks === own && channel.postMessage({has: own});
  const draw = () => [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, '0')).join('');
  const isTaken = name => new Promise(done => {
    channel.addEventListener('message', ({data}) => data.has === name && done(true));
    channel.postMessage({asks: name});
    setTimeout(() => done(false), ANSWER_MS);
  });
  window.tabName = async () => {
    try {
      const stored = sessionStorage.tabName;
      own = stored && (stored === own || !await isTaken(stored)) ? stored : draw();
      if (own !== stored) sessionStorage.removeItem('recipe');
      sessionStorage.tabName = own;
    } catch {
      own = draw(); // storage is denied in some frames: then a name holds until the reload
    }
    return own;
  };
}

// The switch of the language leaves the rest of the address as it is.
document.addEventListener('click', event => {
  const language = event.target.closest?.('[data-language]')?.dataset.language;
  if (!language) return;
  event.preventDefault();
  const query = new URLSearchParams(location.search);
  query.set('lang', language);
  location.search = query;
});

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
