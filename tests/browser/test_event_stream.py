"""Gradio's stream of events in the page."""

import pytest

from browser.page_actions import Panel

pytestmark = pytest.mark.xdist_group("browser")

# The message that ends a stream arrives three seconds late: clicks in between meet a stream that the server has left.
LATE_CLOSE = r"""{
  const fetchIt = window.fetch;
  window.fetch = async (resource, options) => {
    const answer = await fetchIt(resource, options);
    if (!String(resource.url ?? resource).includes('/queue/data')) return answer;
    const late = new TransformStream({async transform(chunk, controller) {
      const text = new TextDecoder().decode(chunk), end = text.search(/data: *{"msg": *"close_stream"/);
      if (end < 0) return controller.enqueue(chunk);
      const encoder = new TextEncoder();
      controller.enqueue(encoder.encode(text.slice(0, end)));
      await new Promise(done => setTimeout(done, 3000));
      controller.enqueue(encoder.encode(text.slice(end)));
    }});
    return new Response(answer.body.pipeThrough(late), {status: answer.status, headers: answer.headers});
  };
}"""


def test_event_stream_goes_on_for_a_click_while_it_closes(visit, demo):
    """A click between the server's last message and the page's reading of it has its answer, too."""
    page = visit(demo)
    page.add_init_script(LATE_CLOSE)
    page.reload()
    panel = Panel(page, "facial-aesthetics").example()
    for _ in range(2):
        panel.run()
        assert panel.stage.locator(".result").count() == 1
