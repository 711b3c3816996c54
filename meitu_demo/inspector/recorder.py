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

from ..domain.errors import DemoError, Unreachable
from ..domain.model import CallTarget, ParsedResponse
from .capture import capture_request, capture_response
from .credentials_filter import Redactor
from .trace import Span, Stopwatch, Trace

log = logging.getLogger(__name__)
MAX_ID_CHARS = 80


class TraceRecorder:
    """One call's, by `route`. prepared: seconds that were spent on its photo before."""

    def __init__(self, target: CallTarget, prepare_s: float = 0.0) -> None:
        self.stopwatch = Stopwatch([Span("prepare", 0.0, prepare_s)])
        self.stopwatch.enter("prepare")
        self._target = target
        self._response: httpx.Response | None = None
        self._attempts = 0

    def start_attempt(self, request: httpx.Request) -> None:
        """An attempt begins."""
        self.stopwatch.enter("vendor")  # until an event tells more; in process there is none
        self._response = None
        self._attempts += 1
        request.extensions["trace"] = self._on_httpcore_event

    def record_response(self, response: httpx.Response) -> None:
        """The whole answer is there, and is going to be read."""
        self.stopwatch.enter("decode")
        self._response = response

    async def finish(self, request: httpx.Request, outcome: ParsedResponse | DemoError) -> Trace | None:
        """What happened, without its keys; None if nothing was sent. An error gets it to carry. Never raises."""
        spans = self.stopwatch.stop()
        if not self._attempts:
            return None
        if isinstance(outcome, Unreachable):
            spans = (*spans[:-1], replace(spans[-1], phase="send"))
        try:
            trace = await anyio.to_thread.run_sync(self._build_trace, request, spans, outcome)
        except Exception as error:  # whatever the vendor answered: a call that was paid is worth more than its trace
            log.error("no trace: %s", type(error).__name__)
            return None
        if isinstance(outcome, DemoError):
            outcome.trace = trace
        return trace

    def _build_trace(
        self, request: httpx.Request, spans: tuple[Span, ...], outcome: ParsedResponse | DemoError
    ) -> Trace:
        target = self._target
        request_id = getattr(outcome, "request_id", None)
        return Trace(
            target.provider,
            target.mode,
            capture_request(request, target),
            capture_response(self._response, target) if self._response else None,
            spans,
            self._attempts,
            Redactor(target).redact_text(request_id, MAX_ID_CHARS) if request_id else None,
        )

    async def _on_httpcore_event(self, event: str, info: Any) -> None:
        """An event of httpcore's, such as "http11.send_request_headers.started"."""
        if event.endswith("receive_response_headers.started"):
            self.stopwatch.enter("vendor")
        elif event.endswith("receive_response_headers.complete"):
            self.stopwatch.enter("download")
        elif event.endswith(("connect_tcp.started", "send_request_headers.started")):
            self.stopwatch.rename("send")


@contextmanager
def resume_stopwatch(trace: Trace | None) -> Iterator[Stopwatch]:
    """A watch that goes on where `trace` ended; an error that leaves the block gets the trace to carry."""
    stopwatch = Stopwatch(trace.spans if trace else ())
    try:
        yield stopwatch
    except DemoError as error:
        error.trace = trace and trace.extend(stopwatch)
        raise
