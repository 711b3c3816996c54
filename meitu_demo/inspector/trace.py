"""What is kept of one call, and the watch that measures it. Holds words and numbers only: no key, no picture.

Imports nothing of ours; everybody above may import it.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

# In the order of the waterfall. Where nothing tells sending from waiting for the answer, "vendor" is both.
PHASES = ("prepare", "wait", "send", "vendor", "download", "decode")


@dataclass(frozen=True, slots=True)
class Span:
    """One stretch of a call, in seconds since its beginning."""

    phase: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class CapturedMessage:
    """A request or an answer as it can be shown. start: its first line. size: bytes of its body on the wire."""

    start_line: str
    headers: tuple[tuple[str, str], ...]
    body: str
    size: int


@dataclass(frozen=True, slots=True)
class Trace:
    """What one call did. response: that of the last attempt; None where no whole answer came.

    fetched_bytes: size of the picture behind a link. Several spans of a phase belong to several attempts.
    """

    provider: str
    mode: str
    request: CapturedMessage
    response: CapturedMessage | None
    spans: tuple[Span, ...]
    attempts: int = 1
    request_id: str | None = None
    fetched_bytes: int = 0

    @property
    def duration_s(self) -> float:
        """From the beginning of the first stretch to the end of the last."""
        return self.spans[-1].end if self.spans else 0.0

    def extend(self, stopwatch: "Stopwatch", fetched_bytes: int = 0) -> "Trace":
        """The same with what happened since, by the watch that was `resumed` for it."""
        return replace(self, spans=stopwatch.stop(), fetched_bytes=fetched_bytes)


class Stopwatch:
    """One phase after another. Goes on where `spans` end: what lies between them and now does not count."""

    def __init__(self, spans: Iterable[Span] = (), clock: Callable[[], float] = time.perf_counter) -> None:
        self._spans = list(spans)
        self._clock = clock
        self._zero = clock() - (self._spans[-1].end if self._spans else 0.0)
        self._running: tuple[str, float] | None = None

    @property
    def phase(self) -> str | None:
        """The one that runs."""
        return self._running[0] if self._running else None

    def enter(self, phase: str) -> None:
        """`phase` begins, and ends the one before it. One that runs already goes on."""
        if self.phase != phase:
            self.stop()
            self._running = (phase, self._clock() - self._zero)

    def rename(self, phase: str) -> None:
        """The phase that runs turns out to be this one."""
        if self._running:
            self._running = (phase, self._running[1])

    def stop(self) -> tuple[Span, ...]:
        """No phase runs any more; all that did."""
        if self._running:
            phase, start = self._running
            if self._spans and self._spans[-1].phase == phase:  # as if it had never been left
                start = self._spans.pop().start
            self._spans.append(Span(phase, start, self._clock() - self._zero))
            self._running = None
        return tuple(self._spans)
