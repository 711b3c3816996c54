"""Streams of events: a call's answer is read again within its time, and what is unknown gets a short answer."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import pytest
from fastapi import FastAPI
from gradio.routes import App
from support.uvicorn_server import uvicorn_server

from meitu_demo.ui.gradio_patches import event_streams
from meitu_demo.ui.gradio_patches.mount import mount_patched

pytestmark = pytest.mark.gradio_internals
MAX_WAIT_S = 20.0  # on a machine that may be busy


@dataclass
class Api:
    """An app whose function `face_fuse` returns its text in capitals once `unblocked` is set; "" fails."""

    url: str = ""
    app: Any = None
    unblocked: threading.Event = field(default_factory=threading.Event)

    def post(self, text: str = "me") -> str:
        """Start a call; returns its event id."""
        answer = httpx.post(f"{self.url}/call/face_fuse", json={"data": [text]})
        return str(answer.json()["event_id"])

    def read(self, event_id: str) -> httpx.Response:
        """The whole answer."""
        return httpx.get(f"{self.url}/call/face_fuse/{event_id}", timeout=MAX_WAIT_S)

    @property
    def queue(self) -> Any:
        """Gradio's."""
        gradio_app: App = self.app
        return gradio_app.get_blocks()._queue


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    api = Api()

    def shout(text: str) -> str:
        api.unblocked.wait(MAX_WAIT_S)
        if not text:
            raise gr.Error("no text", print_exception=False)
        return text.upper()

    with gr.Blocks(analytics_enabled=False) as blocks:
        gr.api(shout, api_name="face_fuse")  # type: ignore[attr-defined]
    blocks.queue(default_concurrency_limit=None)
    app = FastAPI()
    api.app = mount_patched(app, blocks, tmp_path)
    with uvicorn_server(app) as url:
        api.url = f"{url}/gradio_api"
        yield api
        api.unblocked.set()


def wait_until(is_true: Callable[[], bool]) -> None:
    end = time.monotonic() + MAX_WAIT_S
    while not is_true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_call_answers_again(api: Api) -> None:
    """The same text to the second and third reader and to both spellings of the route; a failure as well."""
    api.unblocked.set()
    for text, expected in (("me", 'event: complete\ndata: ["ME"]\n\n'), ("", "event: error\ndata: {")):
        event_id = api.post(text)
        answers = [api.read(event_id), api.read(event_id), httpx.get(f"{api.url}/call/v2/face_fuse/{event_id}")]
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.text for answer in answers}) == 1
        assert answers[0].text.startswith(expected)
    assert "no text" in answers[0].text


@pytest.fixture
def short_heartbeats(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams that wait say so several times a second."""
    monkeypatch.setattr(event_streams, "HEARTBEAT_S", 0.0)
    monkeypatch.setattr(event_streams, "CANCELLED_CHECK_S", 0.05)


@contextmanager
def wait_for_answer(api: Api, event_id: str) -> Iterator[Iterator[str]]:
    """The lines of a stream whose call is under way."""
    with httpx.stream("GET", f"{api.url}/call/face_fuse/{event_id}", timeout=MAX_WAIT_S) as stream:
        lines = stream.iter_lines()
        assert next(lines) == "event: heartbeat"
        yield lines


@pytest.mark.usefixtures("short_heartbeats")
def test_call_answers_everybody_who_waits_and_who_comes_back(api: Api) -> None:
    """Two readers at once, and one whose connection was dropped while the call ran; each call has its own answer."""
    event_id, other_id = api.post(), api.post("you")
    with wait_for_answer(api, event_id):
        pass
    with (
        wait_for_answer(api, event_id) as one,
        wait_for_answer(api, event_id) as two,
        wait_for_answer(api, other_id) as other,
    ):
        api.unblocked.set()
        ends = [list(lines)[-3:] for lines in (one, two, other)]
    complete = "event: complete"
    assert ends == [[complete, 'data: ["ME"]', ""], [complete, 'data: ["ME"]', ""], [complete, 'data: ["YOU"]', ""]]
    assert api.read(event_id).text == 'event: complete\ndata: ["ME"]\n\n'


def test_call_is_forgotten_after_its_time(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the answer is 404 in words; beyond a number of answers the oldest is forgotten first."""
    api.unblocked.set()
    monkeypatch.setattr(event_streams, "MAX_ANSWERS", 2)
    posted = []
    for _ in range(3):  # one after the other, so that they end in this order
        posted.append(api.post())
        wait_until(lambda: not api.queue.event_ids_to_events)
    first, *others = posted
    assert [api.read(event_id).status_code for event_id in (first, *others)] == [404, 200, 200]
    monkeypatch.setattr(event_streams, "RESULT_TTL_S", -1.0)
    answer = api.read(others[0])
    assert answer.status_code == 404
    assert "no such call" in answer.json()["detail"]


@pytest.mark.usefixtures("short_heartbeats")
def test_cancelled_call_ends_its_stream(api: Api) -> None:
    """With an error in words, although Gradio sends no message."""
    event_id = api.post()
    with wait_for_answer(api, event_id) as lines:
        api.queue.event_ids_to_events.pop(event_id)  # as at the end of a cancelled event
        assert "ended before it had an answer" in "".join(lines)


def test_api_calls_leave_nothing_in_gradios_queue(api: Api) -> None:
    """Neither messages nor names of sessions, whether somebody reads the answer or not."""
    api.unblocked.set()
    for _ in range(3):
        api.post()
    wait_until(lambda: not api.queue.event_ids_to_events)
    assert not api.queue.pending_messages_per_session
    assert not api.queue.pending_event_ids_session


@pytest.mark.parametrize(
    ("path", "status", "word"),
    [
        ("call/face_fuse/nobody", 404, "no such call"),
        ("call/v2/face_fuse/nobody/", 404, "no such call"),
        ("queue/data?session_hash=nobody", 200, "session_not_found"),
        ("queue/data?session_hash=", 200, "session_not_found"),
        ("queue/data", 200, "session_not_found"),
    ],
)
def test_unknown_call_or_session_gets_a_short_whole_answer(
    path: str, status: int, word: str, api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    """At once, and a hundred requests put one line without a stack trace into the log."""
    caplog.set_level(logging.INFO)
    event_streams.log.filters[0].__init__()  # type: ignore[misc]  # forget earlier tests' lines
    with httpx.Client() as client:
        answers = [client.get(f"{api.url}/{path}") for _ in range(100)]
    assert {answer.status_code for answer in answers} == {status}
    assert all(word in answer.text and len(answer.content) < 300 for answer in answers)
    if status == 200:
        assert json.loads(answers[0].text.removeprefix("data: "))["msg"] == "unexpected_error"
    lines = [record for record in caplog.records if record.name.startswith(("meitu_demo", "uvicorn", "gradio"))]
    assert len(lines) == 1
    assert not lines[0].exc_info


def test_a_pages_event_is_no_call(api: Api) -> None:
    """Whoever learns the id of a page's event cannot read it as a call's; its own stream still tells the page."""
    fn_index = next(iter(api.app.get_blocks().fns))
    body = {"data": ["me"], "fn_index": fn_index, "session_hash": "page"}
    event_id = httpx.post(f"{api.url}/queue/join", json=body).json()["event_id"]
    assert api.read(event_id).status_code == 404
    streams = api.app.state.event_streams
    scopes = [
        {"path": "/gradio_api/queue/data", "query_string": b"session_hash=page"},
        {"path": "/gradio_api/heartbeat/page", "query_string": b""},
        {"path": f"/gradio_api/call/face_fuse/{event_id}", "query_string": b""},
        {"path": "/gradio_api/heartbeat/other", "query_string": b""},
        {"path": "/", "query_string": b""},
    ]
    assert [streams.has_running_event(scope) for scope in scopes] == [True, True, True, False, False]
    api.unblocked.set()
    text = httpx.get(f"{api.url}/queue/data?session_hash=page", timeout=MAX_WAIT_S).text
    assert '"data":["ME"]' in text
    assert "close_stream" in text
    wait_until(lambda: not streams.has_running_event(scopes[0]))
