// Which events of Gradio's are under way, for tests: until one has ended, another click on its button is not taken.
window.events = {
  begun: new Set(), ended: new Set(),
  underWay() { return [...this.begun].filter(id => !this.ended.has(id)); },
};

{
  const fetchIt = window.fetch.bind(window);
  const listen = async stream => {
    let text = '';
    for await (const part of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (text + part).split('\n\n');
      text = lines.pop();
      for (const message of lines.map(line => JSON.parse(line.replace(/^data: ?/, ''))))
        if (message.msg === 'process_completed') events.ended.add(message.event_id);
    }
  };
  window.fetch = async (asked, options) => {
    const answer = await fetchIt(asked, options);
    const path = new URL(asked.url ?? asked, document.baseURI).pathname;
    if (path.endsWith('/queue/join') && answer.ok) events.begun.add((await answer.clone().json()).event_id);
    if (!path.endsWith('/queue/data') || !answer.ok) return answer;
    const [heard, given] = answer.body.tee();
    listen(heard).catch(() => { // broken off: nobody will hear how those ended
      for (const id of events.begun) events.ended.add(id);
    });
    return new Response(given, {status: answer.status, headers: answer.headers});
  };
}
