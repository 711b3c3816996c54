// A server that is gone in the middle of a run. Gradio's page would reload itself by and by, without a word, and with it
// photo and settings would be gone. So a stream that breaks off ends here in order: each event under way is told as
// failed, the stages that wait say what happened, and the next click goes to whichever server answers then.
const SILENCE_MS = 60_000; // Gradio's server gives a sign of life every fifteen seconds
const fetchIt = window.fetch.bind(window), underWay = new Set();
// Time as it passes here, whatever the page's clock is turned to.
const [later, notLater] = [window.setTimeout, window.clearTimeout].map(own => own.bind(window));
const lostWords = () => document.getElementById('lost')?.content.querySelector('.stage');

const lostTitle = () => lostWords()?.querySelector('h2').textContent ?? '';

// Within the stage: Gradio keeps hold of the element itself. Whether there was one to tell it.
const breakOff = () => {
  const told = lostWords(), stages = told ? document.querySelectorAll('.stage.progress') : [];
  for (const stage of stages) {
    stage.className = told.className;
    stage.setAttribute('role', 'alert');
    stage.replaceChildren(...told.cloneNode(true).childNodes);
    stage.parentElement.querySelector('i.can')?.setAttribute('class', 'can');
  }
  return stages.length > 0;
};

const inOrder = (controller, send) => {
  const output = breakOff() ? {error: null, visible: false} : {error: lostTitle()}; // a text, which Gradio shows
  for (const event_id of underWay) send({msg: 'process_completed', event_id, success: false, output});
  underWay.clear();
  send({msg: 'close_stream', event_id: null});
  controller.close();
};

// The lines of the answer, up to its end or the moment it breaks off.
const kept = (answer, signal) => new ReadableStream({
  async start(controller) {
    const decoder = new TextDecoder(), encoder = new TextEncoder();
    const send = message => controller.enqueue(encoder.encode(`data: ${JSON.stringify(message)}\n\n`));
    try {
      if (!answer?.ok) throw Error('nobody answers');
      const reader = answer.body.getReader();
      for (let text = '';;) {
        let clock;
        const silence = new Promise((_, fail) => clock = later(fail, SILENCE_MS, Error('silence')));
        const {done, value} = await Promise.race([reader.read(), silence]).finally(() => notLater(clock));
        if (done) throw Error('the end came too early');
        const lines = (text + decoder.decode(value, {stream: true})).split('\n\n');
        text = lines.pop();
        for (const message of lines.map(line => JSON.parse(line.replace(/^data: ?/, '')))) {
          if (message.msg === 'unexpected_error') throw Error('it stops, or does not know us');
          if (message.msg === 'process_completed') underWay.delete(message.event_id);
          send(message);
          if (message.msg === 'close_stream') return controller.close();
        }
      }
    } catch (error) {
      if (signal?.aborted) controller.error(error); // Gradio wants no more of it
      else inOrder(controller, send);
    }
  },
});

window.fetch = async (asked, options) => {
  const path = new URL(asked.url ?? asked, document.baseURI).pathname;
  if (path.endsWith('/queue/data')) {
    const answer = await fetchIt(asked, options).catch(() => null);
    return new Response(kept(answer, options?.signal), {headers: {'content-type': 'text/event-stream'}});
  }
  if (!path.endsWith('/queue/join')) return fetchIt(asked, options);
  const headers = new Headers(options?.headers); // who pays, as the badges say it: otherwise the demo refuses the run
  headers.set('x-payers', [...document.querySelectorAll('[data-payer]')].map(badge => badge.dataset.payer).join(' '));
  const answer = await fetchIt(asked, {...options, headers}).catch(() => null);
  const said = answer?.headers.get('content-type')?.includes('json'); // by the demo, and not by a proxy
  if (!answer || (!said && [502, 503, 504].includes(answer.status))) // Gradio shows this text
    return Response.json({detail: lostTitle()}, {status: 500});
  if (answer.ok) underWay.add((await answer.clone().json()).event_id);
  return answer;
};
