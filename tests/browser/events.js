// Which events of Gradio's are under way, for tests: until one has ended, another click on its button is not taken.
window.events = {
  begun: new Set(), ended: new Set(),
  underWay() { return [...this.begun].filter(id => !this.ended.has(id)); },
};

{
  const fetchIt = window.fetch.bind(window);
  // A copy of the stream would lose what it had not read when the page closes it; so each message is read on its way.
  const readOnTheWay = stream => {
    const reader = stream.getReader(), decoder = new TextDecoder();
    let text = '', last = '';
    const note = bytes => {
      const lines = (text + decoder.decode(bytes, {stream: true})).split('\n\n');
      text = lines.pop();
      for (const message of lines.map(line => JSON.parse(line.replace(/^data: ?/, '')))) {
        last = message.msg;
        if (last === 'process_completed') events.ended.add(message.event_id);
      }
    };
    return new ReadableStream({
      async pull(controller) {
        try {
          const {done, value} = await reader.read();
          if (done) return controller.close();
          note(value);
          controller.enqueue(value);
        } catch (error) {
          // Broken off by the connection, not closed by the page: nobody will hear how those ended.
          if (last !== 'close_stream') for (const id of events.begun) events.ended.add(id);
          controller.error(error);
        }
      },
      cancel: reason => reader.cancel(reason),
    });
  };
  window.fetch = async (asked, options) => {
    const answer = await fetchIt(asked, options);
    const path = new URL(asked.url ?? asked, document.baseURI).pathname;
    if (path.endsWith('/queue/join') && answer.ok) events.begun.add((await answer.clone().json()).event_id);
    if (!path.endsWith('/queue/data') || !answer.ok) return answer;
    return new Response(readOnTheWay(answer.body), {status: answer.status, headers: answer.headers});
  };
}
