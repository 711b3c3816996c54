// The mirror. Camera frames go to the server and come back reshaped. The next frame is taken when the answer has arrived, so
// no queue builds up. Nothing is stored: a stop releases the camera and clears the picture.
{
  const MOVING_STATES = ['face', 'no_face', 'turned']; // states in which the picture moves
  const WAITING_STATES = ['taken', 'giving_way', 'away']; // and in which it will move again by itself
  const FINAL_STATUSES = {401: 'login', 404: 'closed'}; // a further frame would be refused, too
  const CAMERA_STATES = {NotAllowedError: 'denied', SecurityError: 'denied', NotFoundError: 'absent', OverconstrainedError: 'absent'};
  const RETRY_MS = {giving_way: 250, one_at_a_time: 100}; // else DEFAULT_RETRY_MS
  const DEFAULT_RETRY_MS = 1000;
  const FRAME_RATE_WINDOW_MS = 3000, ANSWER_TIMEOUT_MS = 10_000, MESSAGE_DELAY_MS = 1000; // the delay is before a message replaces the picture
  let session = null; // from a start to its stop

  const root = () => document.getElementById('mirror');
  const part = name => root().querySelector(name);
  const pause = time => new Promise(done => setTimeout(done, time));

  // Show the message of a state, only when the state changes: a screen reader announces it.
  const showState = state => {
    if (root().dataset.state === state) return;
    root().dataset.state = state;
    root().toggleAttribute('data-on', session !== null);
    const [title, text] = part(`[data-word=${state}]`).children;
    const aside = part('.aside');
    aside.dataset.otherwise ??= aside.textContent;
    const between = /[a-z]\.$/.test(title.textContent) ? ' ' : '';
    aside.textContent = MOVING_STATES.includes(state) ? title.textContent + between + text.textContent : aside.dataset.otherwise;
    if (!MOVING_STATES.includes(state))
      [part('.word h2').textContent, part('.word p').textContent] = [title.textContent, text.textContent];
    for (const name of ['plain', 'take']) part(`[data-do=${name}]`).disabled = ![...MOVING_STATES, ...WAITING_STATES].includes(state);
    part('.word').setAttribute('aria-hidden', MOVING_STATES.includes(state));
  };

  const end = (current, state) => {
    if (session !== current) return;
    session = null;
    clearInterval(current.clock);
    current.stopSignal.abort();
    current.stream?.getTracks().forEach(track => track.stop());
    part('video').srcObject = null;
    part('canvas').width = 0;
    part('.fps').textContent = '';
    part('[data-do=plain]').ariaPressed = 'false';
    if (current.sent) fetch('mirror', {method: 'DELETE', headers: {'x-mirror': current.name}, keepalive: true}).catch(() => 0);
    showState(state);
  };

  const start = async () => {
    const name = [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, '0')).join('');
    const current = session = {name, stopSignal: new AbortController(), times: [], sent: false, startedAt: 0};
    if (!navigator.mediaDevices?.getUserMedia) return end(current, 'insecure');
    showState('asking');
    const video = part('video');
    try {
      const constraints = {facingMode: 'user', width: {ideal: 640}, height: {ideal: 480}};
      current.stream = await navigator.mediaDevices.getUserMedia({video: constraints, audio: false});
      if (session !== current) return current.stream.getTracks().forEach(track => track.stop());
      current.stream.getTracks().forEach(track => track.addEventListener('ended', () => end(current, 'lost')));
      video.srcObject = current.stream;
      await video.play();
    } catch (error) {
      return end(current, CAMERA_STATES[error.name] ?? 'in_use');
    }
    if (session !== current) return;
    showState('starting');
    current.clock = setInterval(() => root()?.checkVisibility() ? showFrameRate(current) : end(current, 'left'), 500);
    while (session === current) {
      const fresh = await waitForFrame(video);
      if (fresh && session === current && video.videoWidth) await sendFrame(current, video);
    }
  };

  // Wait for the camera's next frame; whether there is one. No frame is shown and counted twice.
  const waitForFrame = async video => {
    const lastTime = video.currentTime;
    const callback = new Promise(done => video.requestVideoFrameCallback?.(() => done(true)));
    const timeout = pause(video.requestVideoFrameCallback ? 500 : 33).then(() => video.currentTime !== lastTime);
    return Promise.race([callback, timeout]);
  };

  const encodeJpeg = (video, pixels, quality) => {
    const canvas = document.createElement('canvas'), {videoWidth: width, videoHeight: height} = video;
    const scale = Math.min(1, Math.sqrt(pixels / (width * height)));
    [canvas.width, canvas.height] = [Math.floor(width * scale), Math.floor(height * scale)];
    canvas.getContext('2d').drawImage(video, 0, 0, canvas.width, canvas.height);
    return new Promise(done => canvas.toBlob(done, 'image/jpeg', quality));
  };

  const readShapes = () => part('[data-do=plain]').ariaPressed === 'true' ? '' : [...root().querySelectorAll('.row')].map(
    row => `${row.querySelector('select').value}:${row.querySelector('input').value}`).join();

  const sendFrame = async (current, video) => {
    const late = setTimeout(() => current.request?.abort(), ANSWER_TIMEOUT_MS);
    const stop = () => current.request.abort();
    current.request = new AbortController();
    current.stopSignal.signal.addEventListener('abort', stop, {once: true});
    let state = 'away';
    try {
      const body = await encodeJpeg(video, Number(root().dataset.pixels), .85);
      if (session !== current) return;
      current.sent = true;
      const answer = await fetch(`mirror?shapes=${readShapes()}`, {
        method: 'POST', body, cache: 'no-store', signal: current.request.signal,
        headers: {'content-type': 'image/jpeg', 'x-mirror': current.name},
      });
      if (answer.ok) return await showFrame(current, answer);
      if (FINAL_STATUSES[answer.status]) return end(current, FINAL_STATUSES[answer.status]);
      state = (await answer.json()).slug;
    } catch {
      // A timeout, a lost connection, or an answer of a proxy: the server is away.
    } finally {
      clearTimeout(late);
      current.stopSignal.signal.removeEventListener('abort', stop);
    }
    if (session !== current) return;
    const message = part(`[data-word="${CSS.escape(state)}"]`);
    if (!message && !RETRY_MS[state]) state = 'away';
    if (part(`[data-word="${state}"]`) && performance.now() - (current.times.at(-1) ?? 0) > MESSAGE_DELAY_MS) showState(state);
    await pause(RETRY_MS[state] ?? DEFAULT_RETRY_MS);
  };

  const showFrame = async (current, answer) => {
    const picture = await createImageBitmap(await answer.blob());
    if (session !== current) return picture.close();
    const canvas = part('canvas');
    if (canvas.width !== picture.width || canvas.height !== picture.height)
      [canvas.width, canvas.height] = [picture.width, picture.height];
    canvas.getContext('2d').drawImage(picture, 0, 0);
    picture.close();
    current.times.push(performance.now());
    current.startedAt ||= current.times[0];
    const state = answer.headers.get('x-sight');
    showState(MOVING_STATES.includes(state) ? state : 'face');
  };

  // The rate of the frames shown in the last seconds, pauses included.
  const showFrameRate = current => {
    const now = performance.now();
    current.times = current.times.filter(time => now - time < FRAME_RATE_WINDOW_MS || time === current.times.at(-1));
    if (!current.startedAt || now - current.startedAt < 1000) return;
    const rate = current.times.filter(time => now - time < FRAME_RATE_WINDOW_MS).length * 1000 / Math.min(FRAME_RATE_WINDOW_MS, now - current.startedAt);
    const shown = rate.toLocaleString(document.documentElement.lang || undefined, {maximumFractionDigits: rate < 10 ? 1 : 0});
    part('.fps').textContent = part('.fps').dataset.fps.replace('{count}', shown);
  };

  // The camera's unchanged frame becomes the panels' photo. It is uploaded as any file is.
  const takePhoto = async current => {
    const file = new File([await encodeJpeg(part('video'), Infinity, .95)], 'mirror.jpg', {type: 'image/jpeg'});
    end(current, 'stopped');
    await window.openTab('face-fuse');
    window.setPhotoFile(file);
  };

  document.addEventListener('click', event => {
    const button = event.target.closest?.('#mirror [data-do]');
    if (button?.dataset.do === 'toggle') session ? end(session, 'stopped') : start();
    if (button?.dataset.do === 'plain') button.ariaPressed = String(button.ariaPressed !== 'true');
    if (button?.dataset.do === 'take' && session) takePhoto(session);
  });
  document.addEventListener('input', event => {
    const row = event.target.closest?.('#mirror .row');
    if (row) row.querySelector('output').value = Number(row.querySelector('input').value).toFixed(2);
  });
  document.addEventListener('visibilitychange', () => document.hidden && session && end(session, 'left'));
  addEventListener('pagehide', () => session && end(session, 'left'));
}
