// A result goes on to another panel: the menu below it names the picture and the panel, a hidden button tells the server.
document.addEventListener('click', event => {
  const chosen = event.target.closest?.('.use-in button[data-target]');
  for (const menu of document.querySelectorAll('.use-in[open]'))
    if (chosen || !menu.contains(event.target)) menu.open = false;
  if (event.target.closest?.('#sent-on [data-close]')) event.target.closest('.notice').remove();
  if (!chosen) return;
  window.sentOn = {...chosen.dataset};
  document.getElementById('send-on').click();
});
document.addEventListener('keydown', event => {
  const menu = event.key === 'Escape' && event.target.closest?.('.use-in[open]');
  if (!menu) return;
  menu.open = false;
  menu.querySelector('summary').focus();
});

// It has arrived: the panel opens. What it was given is its own, and another panel's photo does not replace it.
window.openSentOn = told => {
  const target = told?.match(/data-target="(\w+)"/)?.[1];
  if (!target) return [];
  window.ownPhoto(target);
  const tab = document.getElementById(`${target.replaceAll('_', '-')}-tab-button`);
  tab?.click();
  tab?.focus();
  return [];
};
