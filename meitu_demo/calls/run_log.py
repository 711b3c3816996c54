"""Run log: one line for each run, with an id that is also shown in the receipt and in error explanations.

The line has endpoint, mode, outcome, billing, duration and sizes, but nothing about the caller or what they sent.
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
from ..domain.explanations import Explanation, explain
from ..domain.model import CallTarget
from ..redaction.secrets import format_stack_trace
from ..runtime.log_format import RUN_ID

log = logging.getLogger(__name__)
LOG_LINE = "run %s: %s %s, %s, billing %s, %d ms, %s bytes in, %s sent, %s back"


@dataclass(slots=True)
class RunRecord:
    """One run. mode: "live", "offline" or "lab"; "" if the run ended before the target was chosen.

    bytes_in, bytes_sent, bytes_out: sizes of the photo as uploaded, as sent, and of the result; None if unknown.
    """

    endpoint: str
    mode: str = ""
    is_billable: bool = False
    bytes_in: int | None = None
    bytes_sent: int | None = None
    bytes_out: int | None = None
    service: str = ""  # `CallTarget.service`, for the explanation
    id: str = field(default_factory=lambda: secrets.token_hex(4))
    _started_s: float = field(default_factory=time.monotonic)

    @classmethod
    def start(cls, endpoint: str, target: CallTarget, bytes_in: int) -> "RunRecord":
        """A run that starts now."""
        return cls(endpoint, target.mode, target.is_billable, bytes_in, service=target.service)

    @contextmanager
    def track(self) -> Iterator[None]:
        """Within the block, log records carry the run's id. An exception that leaves the block ends the run."""
        token = RUN_ID.set(self.id)
        try:
            yield
        except BaseException as error:
            self.finish(error)
            raise
        finally:
            with suppress(ValueError):  # raised when a generator is closed in another context
                RUN_ID.reset(token)

    def finish(self, error: BaseException | None = None) -> None:
        """Log the run's line. The error gets the run's id, which its explanation shows."""
        if getattr(error, "run", ""):  # another run has logged it
            return
        if isinstance(error, Exception):
            error.run = self.id  # type: ignore[attr-defined]
        if isinstance(error, DemoError):
            error.service = self.service
        if isinstance(error, Unreachable):
            self.bytes_sent = 0  # set when the attempt started, but nothing arrived
        self.log("ok" if error is None else _classify_outcome(error), self._classify_billing(error))

    def log(self, outcome: str, billing: str) -> None:
        """Log the run's line with `outcome`. In a JSON log its parts are fields as well."""
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


def report_failure(error: Exception, language: str, *, endpoint: str = "", is_billable: bool = True) -> Explanation:
    """The explanation of an error that ends a run.

    Names the run if the error has none, and logs an error that is not a DemoError with its stack trace, redacted.
    endpoint: its id, for the log. is_billable: whether the explanation states what the failure costs.
    """
    RunRecord(endpoint).finish(error)
    if not isinstance(error, DemoError):
        log.error("%s failed\n%s", endpoint or "a run", format_stack_trace(error))
    return explain(error, language, is_billable=is_billable)


def _classify_outcome(error: BaseException) -> str:
    if isinstance(error, asyncio.CancelledError):
        return "stopped"
    return error.slug if isinstance(error, DemoError) else DemoError.slug
