// The window: its title, its name, its tabs.

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
  let own = null, naming = null;
  channel.onmessage = ({data}) => data.asks && data.asks === own && channel.postMessage({has: own});
  const generateName = () => [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, '0')).join('');
  const isTaken = name => new Promise(done => {
    channel.addEventListener('message', ({data}) => data.has === name && done(true));
    channel.postMessage({asks: name});
    setTimeout(() => done(false), ANSWER_MS);
  });
  const choose = async () => {
    try {
      const stored = sessionStorage.tabName;
      own = stored && !await isTaken(stored) ? stored : generateName();
      if (own !== stored) for (const name of ['recipe', 'photos']) sessionStorage.removeItem(name);
      sessionStorage.tabName = own;
    } catch {
      own = generateName(); // storage is denied in some frames: then a name holds until the reload
    }
    return own;
  };
  window.tabName = () => naming ??= choose();
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

// Waits until `find` finds something; null if it does not in `ms`.
window.waitFor = async (find, ms = 5000) => {
  for (const end = performance.now() + ms; performance.now() < end; await new Promise(done => setTimeout(done, 20))) {
    const found = find();
    if (found) return found;
  }
  return null;
};

// Opens a tab by the name in its id, and the one around it first; whether there is such a tab.
const DEVELOPER_TOOLS = ['evaluation', 'failure-lab', 'verify'];
window.openTab = async slug => {
  if (DEVELOPER_TOOLS.includes(slug) && !await window.openTab('developer')) return false;
  const find = () => document.getElementById(`${slug}-tab-button`);
  const tab = DEVELOPER_TOOLS.includes(slug) ? await window.waitFor(find, 2000) : find();
  if (tab?.getAttribute('role') !== 'tab') return false;
  tab.click();
  return window.waitFor(() => { // a click before Gradio listens is lost
    if (find()?.ariaSelected === 'true') return true;
    find()?.click();
  });
};

// Arrow keys, Home and End move between the tabs of a list, as its role promises; Gradio's do not.
document.addEventListener('keydown', event => {
  const tab = event.target.closest?.('[role=tablist] [role=tab]');
  if (!tab || event.ctrlKey || event.metaKey || event.altKey) return;
  const tabs = [...tab.closest('[role=tablist]').querySelectorAll('[role=tab]')].filter(one => one.offsetParent);
  const at = tabs.indexOf(tab), last = tabs.length - 1;
  const to = {ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at === 0 ? last : at - 1, Home: 0, End: last}[event.key];
  if (to === undefined) return;
  event.preventDefault();
  tabs[to].focus();
  tabs[to].click();
});

// On a phone the tabs are a row that scrolls: the chosen one goes to its middle.
document.addEventListener('click', ({target}) => {
  const tab = target.closest?.('[role=tablist] [role=tab]'), list = tab?.parentElement;
  if (!tab) return;
  const [box, row] = [tab, list].map(element => element.getBoundingClientRect());
  list.scrollBy({left: box.left + box.width / 2 - row.left - row.width / 2});
});

// Brings something into view, at once for who wants no motion.
window.scrollToElement = (element, block = 'start') => element?.scrollIntoView({
  block, behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'instant' : 'smooth'});
