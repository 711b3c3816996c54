"""A call's trace, which holds no key and no picture, and the stopwatch that measures its phases."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

# In the order of display. "vendor" includes sending where the transport does not report it separately.
PHASES = ("prepare", "wait", "send", "vendor", "download", "decode")


@dataclass(frozen=True, slots=True)
class Span:
    """An interval of a call, in seconds since the call began."""

    phase: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class CapturedMessage:
    """A request or response to display. size: bytes of the body as transferred."""

    start_line: str
    headers: tuple[tuple[str, str], ...]
    body: str
    size: int


@dataclass(frozen=True, slots=True)
class Trace:
    """One call. Each attempt adds spans.

    response: of the last attempt; None if it was incomplete. fetched_bytes: size of a picture fetched from a link.
    """

    vendor_id: str
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

    @property
    def phase(self) -> str | None:
        """The running phase."""
        return self._running[0] if self._running else None

    def enter(self, phase: str) -> None:
        """Start `phase` and end the previous one; no effect if `phase` is running."""
        if self.phase != phase:
            self.stop()
            self._running = (phase, self._clock() - self._zero)

    def rename(self, phase: str) -> None:
        """Rename the running phase."""
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
