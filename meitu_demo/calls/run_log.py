"""One line in the log for each run, under an id that the person sees too: in the receipt, or with the explanation.

It says what was asked for, which way it took, how it ended and what that means for money; nothing of who asked, and
nothing that they gave. Imports `billing`, `errors`, `logs` and `spec`.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from ..domain.billing import Billing, classify_billing
from ..domain.errors import DemoError, Unreachable
from ..domain.model import CallTarget
from ..runtime.log_format import RUN_ID

log = logging.getLogger(__name__)
LOG_LINE = "run %s: %s %s, %s, billing %s, %d ms, %s bytes in, %s sent, %s back"


@dataclass(slots=True)
class RunRecord:
    """One run. way: live, offline or lab; "" where it ended before that was known. Sizes in bytes, None if unknown.

    given: the photo as it came. sent: the photo as it went. back: the result.
    """

    endpoint: str
    mode: str = ""
    is_billable: bool = False
    bytes_in: int | None = None
    bytes_sent: int | None = None
    bytes_out: int | None = None
    id: str = field(default_factory=lambda: secrets.token_hex(4))
    _started_s: float = field(default_factory=time.monotonic)

    @classmethod
    def start(cls, endpoint: str, target: CallTarget, bytes_in: int) -> "RunRecord":
        """A run that begins now."""
        return cls(endpoint, "lab" if target.is_failure_lab else target.mode, target.is_billable, bytes_in)

    @contextmanager
    def track(self) -> Iterator[None]:
        """A part of the run: what is logged within carries its id, and so does an error that leaves, which ends it."""
        token = RUN_ID.set(self.id)
        try:
            yield
        except BaseException as error:
            self.finish(error)
            raise
        finally:
            with suppress(ValueError):  # a generator that is closed from elsewhere
                RUN_ID.reset(token)

    def finish(self, error: BaseException | None = None) -> None:
        """Write the line. The error gets the run's id, for whoever explains it."""
        if error is not None and _is_attributed(error):
            return
        if isinstance(error, Exception):
            error.run = self.id  # type: ignore[attr-defined]
        if isinstance(error, Unreachable):
            self.bytes_sent = 0  # it was to go, and did not
        self.log("ok" if error is None else _classify_outcome(error), self._classify_billing(error))

    def log(self, outcome: str, billing: str) -> None:
        """The line, with that outcome; as fields, too, where the log is JSON."""
        milliseconds = round((time.monotonic() - self._started_s) * 1000)
        sizes = self.bytes_in, self.bytes_sent, self.bytes_out
        log.info(
            LOG_LINE, self.id, self.endpoint or "?", self.mode or "nowhere", outcome, billing, milliseconds,
            *("?" if size is None else size for size in sizes),
            extra={
                "run": self.id, "endpoint": self.endpoint, "route": self.mode, "outcome": outcome, "billing": billing,
                "milliseconds": milliseconds, "bytes_in": sizes[0], "bytes_sent": sizes[1], "bytes_back": sizes[2],
            },
        )  # fmt: skip

    def _classify_billing(self, error: BaseException | None) -> str:
        if not self.is_billable:
            return "free"
        if error is None:
            return Billing.DONE
        if isinstance(error, asyncio.CancelledError):
            return Billing.NOT_SENT if self.bytes_sent is None else Billing.UNKNOWN
        return classify_billing(error) or Billing.NOT_SENT


def log_unattributed_failure(error: Exception, endpoint: str) -> None:
    """For an error that is about to be explained: if no run has named it yet, it was one of its own, and ends here."""
    RunRecord(endpoint).finish(error)


def _is_attributed(error: BaseException) -> bool:
    return bool(getattr(error, "run", ""))


def _classify_outcome(error: BaseException) -> str:
    if isinstance(error, asyncio.CancelledError):
        return "stopped"
    return error.slug if isinstance(error, DemoError) else DemoError.slug
