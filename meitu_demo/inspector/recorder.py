"""Records a call's trace: the caller reports attempts and responses, httpcore's trace events the phases between."""

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
    """Records one call to `target`. prepare_s: seconds already spent on preparing its photo."""

    def __init__(self, target: CallTarget, prepare_s: float = 0.0) -> None:
        self.stopwatch = Stopwatch([Span("prepare", 0.0, prepare_s)])
        self.stopwatch.enter("prepare")
        self._target = target
        self._response: httpx.Response | None = None
        self._attempts = 0

    def start_attempt(self, request: httpx.Request) -> None:
        """Begin an attempt, and subscribe to httpcore's events for `request`."""
        self.stopwatch.enter("vendor")  # an in-process transport has no events
        self._response = None
        self._attempts += 1
        request.extensions["trace"] = self._on_httpcore_event

    def record_response(self, response: httpx.Response) -> None:
        """Record a complete response, which is parsed next."""
        self.stopwatch.enter("decode")
        self._response = response

    async def finish(self, request: httpx.Request, outcome: ParsedResponse | DemoError) -> Trace | None:
        """The trace, which is also attached to an error; None if nothing was sent or capturing failed. Never raises."""
        spans = self.stopwatch.stop()
        if not self._attempts:
            return None
        if isinstance(outcome, Unreachable):
            spans = (*spans[:-1], replace(spans[-1], phase="send"))
        try:
            trace = await anyio.to_thread.run_sync(self._build_trace, request, spans, outcome)
        except Exception as error:  # a paid result must not be lost because its trace failed
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
            target.vendor_id,
            target.mode,
            capture_request(request, target),
            capture_response(self._response, target) if self._response else None,
            spans,
            self._attempts,
            Redactor(target).redact_text(request_id, MAX_ID_CHARS) if request_id else None,
        )

    async def _on_httpcore_event(self, event: str, info: Any) -> None:
        """event: for example "http11.send_request_headers.started"."""
        if event.endswith("receive_response_headers.started"):
            self.stopwatch.enter("vendor")
        elif event.endswith("receive_response_headers.complete"):
            self.stopwatch.enter("download")
        elif event.endswith(("connect_tcp.started", "send_request_headers.started")):
            self.stopwatch.rename("send")


@contextmanager
def resume_stopwatch(trace: Trace | None) -> Iterator[Stopwatch]:
    """A stopwatch that continues where `trace` ended. A DemoError raised in the block gets the extended trace."""
    stopwatch = Stopwatch(trace.spans if trace else ())
    try:
        yield stopwatch
    except DemoError as error:
        error.trace = trace and trace.extend(stopwatch)
        raise
