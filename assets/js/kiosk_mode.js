// Kiosk mode (/?stage=1): after some minutes without input (&idle=3), everything of the visitor is deleted, as by the
// button at the foot of the page, and the page reloads.
{
  const root = document.documentElement, query = new URLSearchParams(location.search);
  const COUNTDOWN_S = 20, MAX_RUN_S = 300, DELETION_TIMEOUT_S = 15, RELOAD_DELAY_S = 2, MAX_DELETIONS = 3;
  const minutes = Number(query.get('idle'));
  const idleS = 60 * (minutes > 0 ? Math.min(Math.max(minutes, 0.5), 120) : 3);
  const readClock = () => Date.now() / 1000; // wall time: a laptop that slept was idle
  const findPart = name => document.querySelector(`#kiosk .${name}`);
  let hasVisitor = false; // whether there can be anything to delete
  let lastInputAt = readClock();
  let lastRunAt = readClock(); // when a run was last in progress
  let deletionAt = 0; // when the last deletion was requested
  let deletedAt = 0; // when the server said that nothing is left
  let deletions = 0;

  const announce = name => { const region = findPart('live-region'); if (region) region.textContent = name ? region.dataset[name] : ''; };
  const showCountdown = remainingS => {
    const isShown = remainingS > 0 && remainingS <= COUNTDOWN_S;
    if (isShown !== 'going' in root.dataset) announce(isShown && 'soon');
    if (!isShown) return delete root.dataset.going;
    root.dataset.going = '';
    findPart('going')?.style.setProperty('--left', remainingS / COUNTDOWN_S);
    const seconds = findPart('going')?.querySelector('b');
    if (seconds) seconds.textContent = Math.ceil(remainingS);
  };
  const deleteData = () => {
    deletionAt = readClock();
    deletions++;
    root.dataset.clearing = '';
    showCountdown(0);
    document.getElementById('delete-data')?.click();
  };
  const reload = () => {
    try {
      for (const name of ['tabName', 'recipe', 'photos']) sessionStorage.removeItem(name); // they belong to the last visitor
      if (deletedAt) sessionStorage.gone = '1';
    } catch { /* storage is denied in some frames: then names end with the reload anyway */ }
    history.replaceState(null, '', location.pathname + location.search);
    location.reload();
  };
  const tick = () => {
    if (!('kiosk' in root.dataset) || !hasVisitor) return;
    if (deletionAt) {
      const report = document.querySelector('#delete-data-message p');
      if (!deletedAt && report?.dataset.left === '0') deletedAt = readClock();
      if (deletedAt) return readClock() - deletedAt > RELOAD_DELAY_S && reload(); // no event is cut off by the reload
      if (readClock() - deletionAt > DELETION_TIMEOUT_S) report && deletions > MAX_DELETIONS ? reload() : deleteData();
      return;
    }
    if (document.querySelector('.stage.progress') && readClock() - lastInputAt < idleS + MAX_RUN_S) lastRunAt = readClock();
    const remainingS = Math.max(lastInputAt, lastRunAt) + idleS - readClock();
    remainingS > 0 ? showCountdown(remainingS) : deleteData();
  };
  const recordInput = event => {
    if (!event.isTrusted || deletionAt) return;
    if (event.type === 'pointermove' && !event.movementX && !event.movementY) return; // the page moved below the pointer
    hasVisitor ||= !['pointermove', 'wheel'].includes(event.type);
    lastInputAt = readClock();
    showCountdown(0);
    delete root.dataset.gone;
  };
  const leaveKioskMode = () => {
    for (const key of ['kiosk', 'going', 'gone']) delete root.dataset[key];
    for (const key of ['stage', 'idle']) query.delete(key);
    history.replaceState(null, '', `${location.pathname}${`${query}` && `?${query}`}${location.hash}`);
  };

  if (query.get('stage') === '1') {
    root.dataset.kiosk = '';
    history.scrollRestoration = 'manual';
    try {
      if (sessionStorage.gone) {
        root.dataset.gone = '';
        setTimeout(() => delete root.dataset.gone, 30_000);
      }
      delete sessionStorage.gone;
    } catch { /* without storage, there is no message */ }
    for (const type of ['keydown', 'pointerdown', 'pointermove', 'touchstart', 'wheel', 'click', 'input', 'paste', 'drop'])
      document.addEventListener(type, recordInput, {capture: true, passive: true});
    setInterval(tick, 500);
    let lastEscapeAt = 0;
    document.addEventListener('keydown', event => {
      if (event.key !== 'Escape' || event.repeat) return;
      if (readClock() - lastEscapeAt < 0.8) leaveKioskMode();
      lastEscapeAt = readClock();
    });
    document.addEventListener('click', event => event.target.closest?.('#kiosk .leave') && leaveKioskMode());
  }
}
