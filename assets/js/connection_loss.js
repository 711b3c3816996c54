// The server is lost during a run. Gradio would reload the page without a word, and lose the photo and the settings. Here,
// an interrupted event stream ends properly: each running event is reported as failed, each stage in progress shows what
// happened, and the next click goes to whichever server answers then.
const MAX_SILENCE_MS = 60_000; // Gradio's server sends a heartbeat every fifteen seconds
const originalFetch = window.fetch.bind(window), runningEvents = new Set();
const earlyEvents = new Set(); // they ended before the answer to their click was read
// Real timers, even where a test replaces the page's clock.
const [startTimer, stopTimer] = [window.setTimeout, window.clearTimeout].map(timer => timer.bind(window));
const findExplanation = () => document.getElementById('lost')?.content.querySelector('.stage');

const readTitle = () => findExplanation()?.querySelector('h2').textContent ?? '';

// Show the explanation in each stage in progress; whether there was one. The stage's element stays: Gradio holds on to it.
const explainLoss = () => {
  const explanation = findExplanation(), stages = explanation ? document.querySelectorAll('.stage.progress') : [];
  for (const stage of stages) {
    stage.className = explanation.className;
    stage.setAttribute('role', 'alert');
    stage.replaceChildren(...explanation.cloneNode(true).childNodes);
    stage.parentElement.querySelector('i.available')?.setAttribute('class', 'available');
  }
  for (const progress of explanation ? document.querySelectorAll('.evaluation-progress:has(.stop)') : []) {
    progress.querySelector('[role=status]').textContent = [...explanation.querySelectorAll('h2, p')].map(part => part.lastChild.textContent.trim()).join(' ');
    progress.querySelector('.available').className = 'available resume';
  }
  return stages.length > 0;
};

const closeStream = (controller, send) => {
  const output = explainLoss() ? {error: null, visible: false} : {error: readTitle()}; // Gradio shows a text as a toast
  for (const event_id of runningEvents) send({msg: 'process_completed', event_id, success: false, output});
  runningEvents.clear();
  send({msg: 'close_stream', event_id: null});
  controller.close();
};

// The messages of the stream that `connect` opens, ended properly if it is interrupted. Gradio's server closes its stream
// after the last event. The click that comes at that moment is not in it, and Gradio opens no other: its stream goes on here.
const repairStream = (connect, signal) => new ReadableStream({
  async start(controller) {
    const encoder = new TextEncoder();
    const send = message => controller.enqueue(encoder.encode(`data: ${JSON.stringify(message)}\n\n`));
    try {
      do await forwardMessages(await connect(), send);
      while (runningEvents.size);
      send({msg: 'close_stream', event_id: null});
      controller.close();
    } catch (error) {
      if (signal?.aborted) controller.error(error); // Gradio itself closed the stream
      else closeStream(controller, send);
    }
  },
});
const forwardMessages = async (response, send) => {
  if (!response?.ok) throw Error('no answer');
  const decoder = new TextDecoder(), reader = response.body.getReader();
  for (let text = '';;) {
    let timer;
    const silence = new Promise((_, reject) => timer = startTimer(reject, MAX_SILENCE_MS, Error('silence')));
    const {done, value} = await Promise.race([reader.read(), silence]).finally(() => stopTimer(timer));
    if (done) throw Error('early end');
    const lines = (text + decoder.decode(value, {stream: true})).split('\n\n');
    text = lines.pop();
    for (const message of lines.map(line => JSON.parse(line.replace(/^data: ?/, '')))) {
      if (message.msg === 'unexpected_error') throw Error('server stops, or session unknown');
      if (message.msg === 'close_stream') return;
      if (message.msg === 'process_completed' && !runningEvents.delete(message.event_id)) earlyEvents.add(message.event_id);
      send(message);
    }
  }
};

window.fetch = async (resource, options) => {
  const path = new URL(resource.url ?? resource, document.baseURI).pathname;
  if (path.endsWith('/queue/data')) {
    const connect = () => originalFetch(resource, options).catch(() => null);
    return new Response(repairStream(connect, options?.signal), {headers: {'content-type': 'text/event-stream'}});
  }
  if (!path.endsWith('/queue/join')) return originalFetch(resource, options);
  const headers = new Headers(options?.headers); // the payer that the badges show: the server refuses the run if it differs
  headers.set('x-payers', [...document.querySelectorAll('[data-payer]')].map(badge => badge.dataset.payer).join(' '));
  const response = await originalFetch(resource, {...options, headers}).catch(() => null);
  const isFromDemo = response?.headers.get('content-type')?.includes('json'); // and not from a proxy
  if (!response || (!isFromDemo && [502, 503, 504].includes(response.status))) // Gradio shows this text
    return Response.json({detail: readTitle()}, {status: 500});
  if (response.ok) {
    const {event_id} = await response.clone().json();
    if (!earlyEvents.delete(event_id)) runningEvents.add(event_id);
  }
  return response;
};
