// Stage mode (/?stage=1): when nobody has touched anything for some minutes (&idle=3), everything of the visitor's is
// deleted, as by the button at the foot of the page, and the page begins anew.
{
  const root = document.documentElement, asked = new URLSearchParams(location.search);
  const COUNTDOWN = 20, LONGEST_RUN = 300, PATIENCE = 15, REST = 2; // seconds
  const minutes = Number(asked.get('idle'));
  const idle = 60 * (minutes > 0 ? Math.min(Math.max(minutes, 0.5), 120) : 3);
  const now = () => Date.now() / 1000; // of the wall: a laptop that slept has been left alone
  const part = name => document.querySelector(`#kiosk .${name}`);
  let used = false;   // whether there can be anything to delete
  let touched = now(); // when somebody last did something
  let still = now();   // until when the clock has stood still
  let cleared = 0;     // when the deletion was asked for
  let done = 0;        // when the server said that nothing is left
  let tries = 0;       // of the deletion; a server that says no for the fourth time is believed

  const say = what => { const aloud = part('aloud'); if (aloud) aloud.textContent = what ? aloud.dataset[what] : ''; };
  const count = left => {
    const shown = left > 0 && left <= COUNTDOWN;
    if (shown !== 'going' in root.dataset) say(shown && 'soon');
    if (!shown) return delete root.dataset.going;
    root.dataset.going = '';
    part('going')?.style.setProperty('--left', left / COUNTDOWN);
    const seconds = part('going')?.querySelector('b');
    if (seconds) seconds.textContent = Math.ceil(left);
  };
  const erase = () => {
    cleared = now();
    tries++;
    root.dataset.clearing = '';
    count(0);
    document.getElementById('forget')?.click();
  };
  const beginAnew = () => {
    try {
      for (const name of ['tabName', 'recipe', 'photos']) sessionStorage.removeItem(name); // the next person is another one
      if (done) sessionStorage.gone = '1';
    } catch { /* storage is denied in some frames: then a name holds until the reload anyway */ }
    history.replaceState(null, '', location.pathname + location.search);
    location.reload();
  };
  const tick = () => {
    if (!('kiosk' in root.dataset) || !used) return;
    if (cleared) {
      const told = document.querySelector('#forget-told p');
      if (!done && told?.dataset.left === '0') done = now();
      if (done) return now() - done > REST && beginAnew(); // the page has come to rest, and nothing of it breaks off
      if (now() - cleared > PATIENCE) told && tries > 3 ? beginAnew() : erase(); // or the server did not hear of it
      return;
    }
    if (document.querySelector('.stage.progress') && now() - touched < idle + LONGEST_RUN) still = now();
    const left = Math.max(touched, still) + idle - now();
    left > 0 ? count(left) : erase();
  };
  const touch = event => {
    if (!event.isTrusted || cleared) return;
    if (event.type === 'pointermove' && !event.movementX && !event.movementY) return; // the page moved below the pointer
    used ||= !['pointermove', 'wheel'].includes(event.type);
    touched = now();
    count(0);
    delete root.dataset.gone;
  };
  const leave = () => {
    for (const key of ['kiosk', 'going', 'gone']) delete root.dataset[key];
    for (const key of ['stage', 'idle']) asked.delete(key);
    history.replaceState(null, '', `${location.pathname}${`${asked}` && `?${asked}`}${location.hash}`);
  };

  if (asked.get('stage') === '1') {
    root.dataset.kiosk = '';
    history.scrollRestoration = 'manual';
    try {
      if (sessionStorage.gone) {
        root.dataset.gone = '';
        setTimeout(() => delete root.dataset.gone, 30_000);
      }
      delete sessionStorage.gone;
    } catch { /* no storage, no note */ }
    for (const type of ['keydown', 'pointerdown', 'pointermove', 'touchstart', 'wheel', 'click', 'input', 'paste', 'drop'])
      document.addEventListener(type, touch, {capture: true, passive: true});
    setInterval(tick, 500);
    let escaped = 0;
    document.addEventListener('keydown', event => {
      if (event.key !== 'Escape' || event.repeat) return;
      if (now() - escaped < 0.8) leave();
      escaped = now();
    });
    document.addEventListener('click', event => event.target.closest?.('#kiosk .leave') && leave());
  }
}
