"""Fills a trace while a call is made: the service tells what happens, httpcore's events when the request is out.

Imports `errors` and `spec`; for the service.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import anyio
import httpx

from ..errors import DemoError, Unreachable
from ..spec import Reply, Route
from .capture import capture_request, capture_response
from .keys import Redactor
from .trace import Span, Stopwatch, Trace

log = logging.getLogger(__name__)
LONGEST_ID = 80


class Recorder:
    """One call's, by `route`. prepared: seconds that were spent on its photo before."""

    def __init__(self, route: Route, prepared: float = 0.0) -> None:
        self.watch = Stopwatch([Span("prepare", 0.0, prepared)])
        self.watch.enter("prepare")
        self._route = route
        self._response: httpx.Response | None = None
        self._attempts = 0

    def sends(self, request: httpx.Request) -> None:
        """An attempt begins."""
        self.watch.enter("vendor")  # until an event tells more; in process there is none
        self._response = None
        self._attempts += 1
        request.extensions["trace"] = self._heard

    def received(self, response: httpx.Response) -> None:
        """The whole answer is there, and is going to be read."""
        self.watch.enter("decode")
        self._response = response

    async def finish(self, request: httpx.Request, end: Reply | DemoError) -> Trace | None:
        """What happened, without its keys; None if nothing was sent. An error gets it to carry. Never raises."""
        spans = self.watch.stop()
        if not self._attempts:
            return None
        if isinstance(end, Unreachable):
            spans = (*spans[:-1], replace(spans[-1], phase="send"))
        try:
            trace = await anyio.to_thread.run_sync(self._trace, request, spans, end)
        except Exception as error:  # whatever the vendor answered: a call that was paid is worth more than its trace
            log.error("no trace: %s", type(error).__name__)
            return None
        if isinstance(end, DemoError):
            end.trace = trace
        return trace

    def _trace(self, request: httpx.Request, spans: tuple[Span, ...], end: Reply | DemoError) -> Trace:
        route = self._route
        request_id = getattr(end, "request_id", None)
        return Trace(
            route.provider,
            route.mode,
            capture_request(request, route),
            capture_response(self._response, route) if self._response else None,
            spans,
            self._attempts,
            Redactor(route).text(request_id, LONGEST_ID) if request_id else None,
        )

    async def _heard(self, event: str, info: Any) -> None:
        """An event of httpcore's, such as "http11.send_request_headers.started"."""
        if event.endswith("receive_response_headers.started"):
            self.watch.enter("vendor")
        elif event.endswith("receive_response_headers.complete"):
            self.watch.enter("download")
        elif event.endswith(("connect_tcp.started", "send_request_headers.started")):
            self.watch.rename("send")


@contextmanager
def resumed(trace: Trace | None) -> Iterator[Stopwatch]:
    """A watch that goes on where `trace` ended; an error that leaves the block gets the trace to carry."""
    times = Stopwatch(trace.spans if trace else ())
    try:
        yield times
    except DemoError as error:
        error.trace = trace and trace.gone_on(times)
        raise
