// Deep links: the address names the open tab and a panel's settings (/#facial-aesthetics?shape=8&strength=0.6), so that
// Back, Forward and a reload find them again. The server validates what a link says (ui/panel/deep_links.py).
{
  const WRITE_MS = 200; // browsers refuse to have the address changed too often
  const queries = {}; // panel → its settings as a query; '' while all are as at the start
  let writing = 0, following = false;

  const tabOf = list => document.querySelector(`${list} > .tab-wrapper [role=tab][aria-selected=true]`);
  const slugOf = tab => tab?.id.replace(/-tab-button$/, '');
  const openSlug = () => {
    const slug = slugOf(tabOf('#panels'));
    return slug === 'developer' ? slugOf(tabOf('#developer-tools')) ?? slug : slug;
  };
  const firstSlug = () => slugOf(document.querySelector('#panels [role=tab]'));
  const hashOf = slug => `#${slug}${queries[slug] ? `?${queries[slug]}` : ''}`;
  const addressOf = slug => location.pathname + location.search + hashOf(slug); // a hash alone is resolved by Gradio's base
  const read = () => {
    const [slug, query = ''] = location.hash.slice(1).split(/\?(.*)/s);
    return {slug: slug || firstSlug(), query};
  };

  // settings: [name, value at the start, the values to choose from or null]. A value that was typed in stays out.
  window.writeDeepLink = (slug, settings, values) => {
    const same = (one, other) => String(one) === String(other);
    const changed = settings.some(([, initial], at) => !same(initial, values[at]));
    const parts = settings.flatMap(([name, , choices], at) => {
      const value = typeof values[at] === 'number' ? Number(values[at].toFixed(4)) : values[at];
      return !choices || choices.some(choice => same(choice, value)) ? [`${name}=${encodeURIComponent(value)}`] : [];
    });
    queries[slug] = changed ? parts.join('&') : '';
    clearTimeout(writing);
    writing = setTimeout(() => {
      if (following || openSlug() !== slug || read().slug !== slug || (!location.hash && !queries[slug])) return;
      if (location.hash !== hashOf(slug)) history.replaceState(null, '', addressOf(slug));
    }, WRITE_MS);
  };

  document.addEventListener('click', event => {
    if (!event.target.closest?.(':is(#panels, #developer-tools) [role=tab]') || following) return;
    setTimeout(() => {
      const slug = openSlug();
      if (!following && slug && slug !== read().slug) history.pushState(null, '', addressOf(slug));
    });
  });

  const follow = async () => {
    const {slug, query} = read();
    following = true;
    const changes = await window.openTab(slug) && query !== (queries[slug] ?? '');
    if (!changes || !await window.waitFor(() => document.getElementById(`${slug}-run`)?.offsetParent, 3000)) {
      following = false;
      return;
    }
    window.deepLink = {slug, query};
    document.getElementById('follow-link')?.click();
  };
  window.endLinkNavigation = async () => {
    following = false;
    const {slug} = window.deepLink;
    if (await window.waitFor(() => queries[slug], 1000)) window.useExample(slug); // with the link's settings
  };
  addEventListener('popstate', follow);
  setTimeout(async () => { // once all scripts are there
    if (location.hash && await window.waitFor(() => document.getElementById('follow-link') && firstSlug(), 60_000)) follow();
  });
}
