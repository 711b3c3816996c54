"""Streams of events: an API call's answer can be read again, and an unknown call or session gets a short answer.

Gradio 6.31.0 hands each message of a call to one reader, once: whoever asks a second time, or again after a dropped
connection, gets heartbeats for ever. Its answer for an unknown call or session breaks off, and puts 9 KB of stack trace
into the log. So API calls are answered here, and Gradio's streams are left to the page and to `gradio_client`.
"""

import asyncio
import json
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs

from gradio.routes import App
from gradio.server_messages import ProcessCompletedMessage, UnexpectedErrorMessage
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Scope

from ...runtime.log_format import RateLimitFilter

RESULT_TTL_S = 600.0  # for a client to fetch its answer and the result that it names
MAX_ANSWERS = 5000  # a few kilobytes each; the oldest are forgotten first
DELIVERY_S = 0.5  # for a message to reach its reader
HEARTBEAT_S = 15.0  # as Gradio has it
CANCELLED_CHECK_S = 1.0  # how often a stream looks whether its call was cancelled, for which there is no message
EVENT_STREAM, CALL_PATH, PAGE_STREAM_PATH = "text/event-stream", "/gradio_api/call/", "/gradio_api/queue/data"
PAGE_HEARTBEAT_PATH = "/gradio_api/heartbeat/"
NO_SUCH_CALL = {"detail": "There is no such call, or the ten minutes are over in which its answer can be read."}
log = logging.getLogger(__name__)
log.addFilter(RateLimitFilter())


class EventStreams:
    """Keeps the answers of API calls for `RESULT_TTL_S`. Bound to one event loop."""

    def __init__(self, gradio_app: App, clock: Callable[[], float] = time.monotonic) -> None:
        self._gradio_app = gradio_app
        self._clock = clock
        self._queue = gradio_app.get_blocks()._queue
        self._send_to_gradio_stream = self._queue.send_message
        self._queue.send_message = self._send_message  # type: ignore[method-assign]
        self._answers: OrderedDict[str, tuple[float, str]] = OrderedDict()  # time and text, by event id
        self._next_answer = asyncio.Event()  # set, and replaced by another, when an answer comes

    def find_response(self, scope: Scope) -> Response | None:
        """The response to a request for an API call's stream or for an unknown session's; None leaves it to Gradio."""
        path = scope["path"].removesuffix("/")
        if scope["method"] != "GET":
            return None
        if path.startswith(CALL_PATH):
            event_id = path.rpartition("/")[2]
            if self._find_answer(event_id) or self._is_running_call(event_id):
                return StreamingResponse(self._stream_answer(event_id), media_type=EVENT_STREAM)
            log.info("an unknown call was asked for")
            return JSONResponse(NO_SUCH_CALL, 404)
        if path == PAGE_STREAM_PATH and _parse_session(scope) not in self._queue.pending_messages_per_session:
            log.info("an unknown session was asked for")
            message = UnexpectedErrorMessage(message="There is no such session.", session_not_found=True)
            return Response(f"data: {message.model_dump_json()}\n\n", media_type=EVENT_STREAM)
        return None

    def has_running_event(self, scope: Scope) -> bool:
        """Whether a request is a stream that waits for an event under way: of an API call, or of a page's session."""
        events = self._queue.event_ids_to_events
        if scope["path"].startswith(CALL_PATH):
            return scope["path"].rpartition("/")[2] in events
        session = _parse_session(scope)
        return bool(session) and any(event.session_hash == session for event in list(events.values()))

    async def drain(self, max_s: float) -> None:
        """Wait until no event is under way and the end of each has reached its reader, at most `max_s` seconds.

        A call that has ended is not answered yet: its pictures are rendered first.
        """
        ends_at = self._clock() + max_s - DELIVERY_S
        while any(self._queue.active_jobs) and self._clock() < ends_at:  # noqa: ASYNC110  # Gradio has no event for it
            await asyncio.sleep(DELIVERY_S / 10)
        await asyncio.sleep(DELIVERY_S)

    def _send_message(self, event: Any, event_message: Any) -> None:
        """Keep the end of an API call; send all else to Gradio's stream, if somebody can read it there."""
        if isinstance(event_message, ProcessCompletedMessage) and event.data.simple_format:
            self._keep_answer(event._id, event_message)
        if event.session_hash != event._id:
            self._send_to_gradio_stream(event, event_message)
        else:  # a call without a session of its own
            self._queue.pending_messages_per_session.pop(event._id, None)
            self._queue.pending_event_ids_session.pop(event._id, None)

    def _keep_answer(self, event_id: str, message: ProcessCompletedMessage) -> None:
        output = message.model_dump()["output"]
        name, data = ("complete", output.get("data")) if message.success else ("error", output)
        self._answers[event_id] = self._clock(), f"event: {name}\ndata: {json.dumps(data)}\n\n"
        if len(self._answers) > MAX_ANSWERS:
            self._answers.popitem(last=False)
        self._next_answer.set()
        self._next_answer = asyncio.Event()

    def _find_answer(self, event_id: str) -> str:
        while self._answers and self._clock() - next(iter(self._answers.values()))[0] > RESULT_TTL_S:
            self._answers.popitem(last=False)
        return self._answers.get(event_id, (0.0, ""))[1]

    def _is_running_call(self, event_id: str) -> bool:
        event = self._queue.event_ids_to_events.get(event_id)
        return event is not None and event.data is not None and bool(event.data.simple_format)

    async def _stream_answer(self, event_id: str) -> AsyncIterator[str]:
        heartbeat_at = self._clock() + HEARTBEAT_S
        while not (answer := self._find_answer(event_id)) and self._is_running_call(event_id):
            if self._gradio_app.stop_event.is_set():
                break
            with suppress(TimeoutError):
                await asyncio.wait_for(self._next_answer.wait(), CANCELLED_CHECK_S)
            if self._clock() > heartbeat_at:
                heartbeat_at += HEARTBEAT_S
                yield "event: heartbeat\ndata: null\n\n"
        yield answer or 'event: error\ndata: {"error": "The call was ended before it had an answer."}\n\n'


def _parse_session(scope: Scope) -> str:
    if scope["path"].startswith(PAGE_HEARTBEAT_PATH):
        return str(scope["path"]).removeprefix(PAGE_HEARTBEAT_PATH)
    query = str(scope["query_string"], "latin-1")
    return parse_qs(query).get("session_hash", [""])[-1]
