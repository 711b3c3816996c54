"""A call's trace, which holds no key and no picture, and how it is recorded.

The call's pipeline reports attempts and responses to a `TraceRecorder`, httpcore's trace events the phases between.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import anyio
import httpx

from ..domain.errors import DemoError, Unreachable
from ..domain.model import CallTarget, ParsedResponse
from .capture import CapturedMessage, capture_request, capture_response
from .credentials_filter import Redactor

log = logging.getLogger(__name__)
MAX_ID_CHARS = 80
# In the order of display. "vendor" includes sending where the transport does not report it separately.
PHASES = ("prepare", "wait", "send", "vendor", "download", "decode")


@dataclass(frozen=True, slots=True)
class Span:
    """An interval of a call, in seconds since the call began."""

    phase: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Trace:
    """One call. Each attempt adds spans.

    response: of the last attempt; None if it was incomplete. fetched_bytes: size of a picture fetched from a link.
    """

    mode: str
    request: CapturedMessage
    response: CapturedMessage | None
    spans: tuple[Span, ...]
    attempts: int = 1
    request_id: str | None = None
    fetched_bytes: int = 0

    @property
    def duration_s(self) -> float:
        """From the start of the call to the end of the last span."""
        return self.spans[-1].end if self.spans else 0.0

    def extend(self, stopwatch: "Stopwatch", fetched_bytes: int = 0) -> "Trace":
        """This trace with the spans of `stopwatch`, which `resume_stopwatch` made from it."""
        return replace(self, spans=stopwatch.stop(), fetched_bytes=fetched_bytes)


class Stopwatch:
    """Measures consecutive phases. It continues at the end of `spans`: time since then does not count."""

    def __init__(self, spans: Iterable[Span] = (), clock: Callable[[], float] = time.perf_counter) -> None:
        self._spans = list(spans)
        self._clock = clock
        self._zero = clock() - (self._spans[-1].end if self._spans else 0.0)
        self._running: tuple[str, float] | None = None

    def enter(self, phase: str) -> None:
        """Start `phase` and end the previous one; no effect if `phase` is running."""
        if not self._running or self._running[0] != phase:
            self.stop()
            self._running = (phase, self._clock() - self._zero)

    def rename(self, phase: str) -> None:
        """Change the name of the running phase, if there is one."""
        if self._running:
            self._running = (phase, self._running[1])

    def stop(self) -> tuple[Span, ...]:
        """End the running phase and return all spans."""
        if self._running:
            phase, start = self._running
            if self._spans and self._spans[-1].phase == phase:  # merge with an adjacent span
                start = self._spans.pop().start
            self._spans.append(Span(phase, start, self._clock() - self._zero))
            self._running = None
        return tuple(self._spans)


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
