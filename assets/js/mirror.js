// The magic mirror. Frames of the camera go to the server and come back reshaped; the next one is taken when the answer
// is there, so none ever waits in line. Nothing is kept: a stop frees the camera and empties the picture.
{
  const SEEN = ['face', 'no_face', 'turned']; // states in which the picture moves
  const HELD = ['taken', 'giving_way', 'away']; // and in which it will move again by itself
  const HALTS = {401: 'login', 404: 'closed'}; // no use in asking again
  const CAMERA = {NotAllowedError: 'denied', SecurityError: 'denied', NotFoundError: 'absent', OverconstrainedError: 'absent'};
  const PAUSES = {giving_way: 250, one_at_a_time: 100}; // ms before asking again; else a second
  const MEASURED = 3000, PATIENCE = 10_000, FLICKER = 1000; // ms: of frames a second; for an answer; before words replace the picture
  let visit = null; // from a start to its stop

  const root = () => document.getElementById('mirror');
  const part = name => root().querySelector(name);
  const pause = time => new Promise(done => setTimeout(done, time));

  // The words of a state, once for each change: they are read aloud.
  const tell = state => {
    if (root().dataset.state === state) return;
    root().dataset.state = state;
    root().toggleAttribute('data-on', visit !== null);
    const [title, text] = part(`[data-word=${state}]`).children;
    const aside = part('.aside');
    aside.dataset.otherwise ??= aside.textContent;
    const between = /[a-z]\.$/.test(title.textContent) ? ' ' : '';
    aside.textContent = SEEN.includes(state) ? title.textContent + between + text.textContent : aside.dataset.otherwise;
    if (!SEEN.includes(state))
      [part('.word h2').textContent, part('.word p').textContent] = [title.textContent, text.textContent];
    for (const name of ['plain', 'take']) part(`[data-do=${name}]`).disabled = ![...SEEN, ...HELD].includes(state);
    part('.word').setAttribute('aria-hidden', SEEN.includes(state));
  };

  const end = (mine, state) => {
    if (visit !== mine) return;
    visit = null;
    clearInterval(mine.clock);
    mine.leaving.abort();
    mine.stream?.getTracks().forEach(track => track.stop());
    part('video').srcObject = null;
    part('canvas').width = 0;
    part('.fps').textContent = '';
    part('[data-do=plain]').ariaPressed = 'false';
    if (mine.sent) fetch('mirror', {method: 'DELETE', headers: {'x-mirror': mine.name}, keepalive: true}).catch(() => 0);
    tell(state);
  };

  const start = async () => {
    const name = [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, '0')).join('');
    const mine = visit = {name, leaving: new AbortController(), times: [], sent: false, begun: 0};
    if (!navigator.mediaDevices?.getUserMedia) return end(mine, 'insecure');
    tell('asking');
    const video = part('video');
    try {
      const wish = {facingMode: 'user', width: {ideal: 640}, height: {ideal: 480}};
      mine.stream = await navigator.mediaDevices.getUserMedia({video: wish, audio: false});
      if (visit !== mine) return mine.stream.getTracks().forEach(track => track.stop());
      mine.stream.getTracks().forEach(track => track.addEventListener('ended', () => end(mine, 'lost')));
      video.srcObject = mine.stream;
      await video.play();
    } catch (error) {
      return end(mine, CAMERA[error.name] ?? 'in_use');
    }
    if (visit !== mine) return;
    tell('starting');
    mine.clock = setInterval(() => root()?.checkVisibility() ? count(mine) : end(mine, 'left'), 500);
    while (visit === mine) {
      const fresh = await nextOf(video);
      if (fresh && visit === mine && video.videoWidth) await reflect(mine, video);
    }
  };

  // Waits for the camera's next frame; whether there is one. None is shown and counted twice.
  const nextOf = async video => {
    const seen = video.currentTime;
    const told = new Promise(done => video.requestVideoFrameCallback?.(() => done(true)));
    const late = pause(video.requestVideoFrameCallback ? 500 : 33).then(() => video.currentTime !== seen);
    return Promise.race([told, late]);
  };

  const jpeg = (video, pixels, quality) => {
    const sheet = document.createElement('canvas'), {videoWidth: width, videoHeight: height} = video;
    const scale = Math.min(1, Math.sqrt(pixels / (width * height)));
    [sheet.width, sheet.height] = [Math.floor(width * scale), Math.floor(height * scale)];
    sheet.getContext('2d').drawImage(video, 0, 0, sheet.width, sheet.height);
    return new Promise(done => sheet.toBlob(done, 'image/jpeg', quality));
  };

  const wanted = () => part('[data-do=plain]').ariaPressed === 'true' ? '' : [...root().querySelectorAll('.row')].map(
    row => `${row.querySelector('select').value}:${row.querySelector('input').value}`).join();

  const reflect = async (mine, video) => {
    const late = setTimeout(() => mine.asking?.abort(), PATIENCE);
    const stop = () => mine.asking.abort();
    mine.asking = new AbortController();
    mine.leaving.signal.addEventListener('abort', stop, {once: true});
    let state = 'away';
    try {
      const body = await jpeg(video, Number(root().dataset.pixels), .85);
      if (visit !== mine) return;
      mine.sent = true;
      const answer = await fetch(`mirror?shapes=${wanted()}`, {
        method: 'POST', body, cache: 'no-store', signal: mine.asking.signal,
        headers: {'content-type': 'image/jpeg', 'x-mirror': mine.name},
      });
      if (answer.ok) return await show(mine, answer);
      if (HALTS[answer.status]) return end(mine, HALTS[answer.status]);
      state = (await answer.json()).slug;
    } catch {
      // Given up, cut off, or an answer of a proxy's: the server is away.
    } finally {
      clearTimeout(late);
      mine.leaving.signal.removeEventListener('abort', stop);
    }
    if (visit !== mine) return;
    const known = part(`[data-word="${CSS.escape(state)}"]`);
    if (!known && !PAUSES[state]) state = 'away';
    if (part(`[data-word="${state}"]`) && performance.now() - (mine.times.at(-1) ?? 0) > FLICKER) tell(state);
    await pause(PAUSES[state] ?? 1000);
  };

  const show = async (mine, answer) => {
    const picture = await createImageBitmap(await answer.blob());
    if (visit !== mine) return picture.close();
    const canvas = part('canvas');
    if (canvas.width !== picture.width || canvas.height !== picture.height)
      [canvas.width, canvas.height] = [picture.width, picture.height];
    canvas.getContext('2d').drawImage(picture, 0, 0);
    picture.close();
    mine.times.push(performance.now());
    mine.begun ||= mine.times[0];
    const sight = answer.headers.get('x-sight');
    tell(SEEN.includes(sight) ? sight : 'face');
  };

  // Frames that were really shown in the last seconds, standstills included.
  const count = mine => {
    const now = performance.now();
    mine.times = mine.times.filter(time => now - time < MEASURED || time === mine.times.at(-1));
    if (!mine.begun || now - mine.begun < 1000) return;
    const rate = mine.times.filter(time => now - time < MEASURED).length * 1000 / Math.min(MEASURED, now - mine.begun);
    const shown = rate.toLocaleString(document.documentElement.lang || undefined, {maximumFractionDigits: rate < 10 ? 1 : 0});
    part('.fps').textContent = part('.fps').dataset.fps.replace('{count}', shown);
  };

  // The frame as the camera saw it becomes the panels' photo, by the way that any file comes in.
  const take = async mine => {
    const file = new File([await jpeg(part('video'), Infinity, .95)], 'mirror.jpg', {type: 'image/jpeg'});
    end(mine, 'stopped');
    document.getElementById('face-fuse-tab-button')?.click();
    const photo = document.getElementById('face-fuse-photo');
    photo?.querySelector('[aria-label="Remove Image"], [data-gradio="Remove Image"]')?.click();
    for (let tries = 0; tries < 40; tries++) {
      const input = photo?.querySelector('input[type=file]');
      if (input) {
        const carried = new DataTransfer();
        carried.items.add(file);
        input.files = carried.files;
        return input.dispatchEvent(new Event('change', {bubbles: true}));
      }
      if (tries === 5) photo?.querySelector('[aria-label="Upload file"], [data-gradio="Upload file"]')?.click(); // its camera was open
      await pause(50);
    }
  };

  document.addEventListener('click', event => {
    const button = event.target.closest?.('#mirror [data-do]');
    if (button?.dataset.do === 'toggle') visit ? end(visit, 'stopped') : start();
    if (button?.dataset.do === 'plain') button.ariaPressed = String(button.ariaPressed !== 'true');
    if (button?.dataset.do === 'take' && visit) take(visit);
  });
  document.addEventListener('input', event => {
    const row = event.target.closest?.('#mirror .row');
    if (row) row.querySelector('output').value = Number(row.querySelector('input').value).toFixed(2);
  });
  document.addEventListener('visibilitychange', () => document.hidden && visit && end(visit, 'left'));
  addEventListener('pagehide', () => visit && end(visit, 'left'));
}
