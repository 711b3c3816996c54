// "Use in …" below a result: the menu names the picture and the panel, and a hidden button tells the server.
document.addEventListener('click', event => {
  const choice = event.target.closest?.('.use-in button[data-target]');
  for (const menu of document.querySelectorAll('.use-in[open]'))
    if (choice || !menu.contains(event.target)) menu.open = false;
  if (event.target.closest?.('#send-to-panel-message [data-close]')) event.target.closest('.notice').remove();
  if (!choice) return;
  window.panelChoice = {...choice.dataset};
  document.getElementById('send-to-panel').click();
});
document.addEventListener('keydown', event => {
  const menu = event.key === 'Escape' && event.target.closest?.('.use-in[open]');
  if (!menu) return;
  menu.open = false;
  menu.querySelector('summary').focus();
});

// The picture is the panel's photo now: open the panel. From here on, a photo in another panel does not replace it.
window.openTargetPanel = answer => {
  const target = answer?.match(/data-target="(\w+)"/)?.[1];
  if (!target) return [];
  window.detachPhoto(target);
  const tab = document.getElementById(`${target.replaceAll('_', '-')}-tab-button`);
  tab?.click();
  tab?.focus();
  return [];
};
